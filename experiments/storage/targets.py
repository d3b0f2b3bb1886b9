"""Which compilers, processors and packages computed the runs of a folder, and what it means when they
differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prelimbic.experiments.storage.files import sealed_target

SPIKES = (
    "their spikes are others for the same configuration (the command `prelimbic run --portable` makes them "
    "alike, as Numerics(portable=True) does; docs/engine.md)"
)
DIGITS = "spikes and spines are alike, last digits of spectra and concentrations may differ (docs/engine.md)"
CODE = 3  # words of a target before those of packages; see provenance.target
READERS = 8  # of seals at once, for folders far away


class MixedTargetsWarning(UserWarning):
    """Runs that are read together were not computed alike."""


def targets_of(paths: Iterable[Path]) -> Counter[str]:
    """By what finished runs were computed, and how many by each; "" counts those whose seal does not say."""
    listed = list(paths)
    parts = [listed[k::READERS] for k in range(READERS)]
    try:
        with ThreadPoolExecutor(READERS) as pool:
            return Counter(
                found
                for some in pool.map(lambda part: [sealed_target(path) for path in part], parts)
                for found in some
            )
    except RuntimeError:  # a limit on processes counts threads as well
        return Counter(sealed_target(path) for path in listed)


def mixture(found: Counter[str]) -> str:
    """A sentence on runs that were not computed alike; nothing where all were, as far as is known."""
    known = _known(found)
    code, packages = _apart(known)
    if not (code or packages):
        return ""
    counted: Counter[str] = Counter()
    for target, n in known.items():
        counted[_named(target, code, packages)] += n
    parts = ", ".join(f"{n} {name}" for name, n in counted.most_common())
    return f"{sum(known.values())} runs were not computed alike: {parts}; {SPIKES if code else DIGITS}"


def unlike(found: Counter[str], here: str) -> str:
    """A sentence on finished runs that were not computed as runs `here` would be; nothing where there are
    none.
    """
    others = Counter({target: n for target, n in _known(found).items() if target != here})
    code, packages = _apart({**others, here: 0})
    if not (code or packages):
        return ""
    names = ", ".join(dict.fromkeys(_named(target, code, packages) for target in others))
    n = sum(others.values())
    was = "was" if n == 1 else "were"
    return (
        f"{n} of {sum(found.values())} finished runs {was} computed {names}, not "
        f"{_named(here, code, packages)} as here: "
        f"{SPIKES if code else DIGITS}"
    )


def _known(found: Counter[str]) -> dict[str, int]:
    return {target: n for target, n in sorted(found.items()) if len(target.split(",")) > CODE}


def _apart(known: Iterable[str]) -> tuple[list[int], list[int]]:
    """Words in which targets differ: of those for machine code, and of those for packages."""
    words = list(zip(*(target.split(",") for target in known), strict=False))
    apart = [k for k, values in enumerate(words) if len(set(values)) > 1]
    return [k for k in apart if k < CODE], [k for k in apart if k >= CODE]


def _named(target: str, code: list[int], packages: list[int]) -> str:
    """A target by the words in which it differs from others."""
    words = target.split(",")
    by = ("" if words[0] == "interpreted" else "by ") + words[0].replace("-", " ", 1)
    by += f" for {words[1]}" if words[1] else ""
    by += f" (flags {words[2]})" if code == [2] else ""
    own = " and ".join(words[k].replace("-", " ", 1) for k in packages)
    return " ".join(part for part in (by if code else "", f"with {own}" if own else "") if part)
