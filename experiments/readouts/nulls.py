"""Control models (axis `null`): they run beside a claim about the drugged circuit, to see whether a finding
needs what it is said to need.
"""

from __future__ import annotations

MODEL = "none"  # on the axis `null`: the model as it is

# name on the axis `null` -> where the block is allowed to act (switch --site)
SITES: dict[str, str] = {
    MODEL: "all",
    "pyr": "pyr_direct",
    "pv": "pv",
    "sst": "sst",
    "vip": "vip",
    "uniform": "uniform",
    "shuffled": "shuffled",
}
CONSTANT, AWAKE = "constant", "awake"

MEANING: dict[str, str] = {
    "pyr": "block on Pyr only",
    "pv": "block on PV only",
    "sst": "block on SST only",
    "vip": "block on VIP only",
    "uniform": "all classes blocked as Pyr",
    "shuffled": "class labels shuffled",
    CONSTANT: "peak concentration held",
    AWAKE: "awake, not a slice",
}
# not on the axis: it is read off what is stored, for every claim that states an effect of a drug
INERT = "an inert drug"
LABELS = {MODEL: "the model"} | MEANING
