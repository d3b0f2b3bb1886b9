#!/usr/bin/env bash
# Guess: a simulated subject has no age, so an NWB file leaves it out, as it leaves out a weight; or it says "unknown" as it does of the sex.
# Seen: without an age (or a date of birth) the inspector's finding is CRITICAL, its gravest; so it is of "unknown"; without a weight it says
#   nothing. An open range, "P0D/" (born, and no older bound), passes without a word.
# Who meets it: whoever writes simulated data, or recordings of slices whose animal's age nobody wrote down, as NWB.
# Source: what is run below; seen with nwbinspector 0.7.2 and pynwb 4.2.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q nwbinspector==0.7.2 pynwb==4.2.0 2>/dev/null
cd "$place"
venv/bin/python -W ignore - <<'END'
from datetime import UTC, datetime
from importlib.metadata import version

from nwbinspector import inspect_nwbfile
from pynwb import NWBHDF5IO, NWBFile
from pynwb.file import Subject

print("nwbinspector", version("nwbinspector"), "pynwb", version("pynwb"))


def found(name, **about):
    made = NWBFile(session_description="simulated", identifier=name, session_start_time=datetime(2026, 1, 1, tzinfo=UTC))
    made.subject = Subject(subject_id="one", species="Rattus norvegicus", sex="U", **about)
    with NWBHDF5IO(f"{name}.nwb", "w") as io:
        io.write(made)
    told = [m for m in inspect_nwbfile(nwbfile_path=f"{name}.nwb") if "subject" in m.check_function_name]
    print(f"{name}: {[(m.importance.name, m.message) for m in told]}")
    return [m.importance.name for m in told]


assert found("without") == ["CRITICAL"]
assert found("unknown", age="unknown") != []
assert found("open", age="P0D/") == []
END
