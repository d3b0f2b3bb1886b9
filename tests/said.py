"""Calling the command line in tests, and what it may say."""

import subprocess
import sys
from pathlib import Path

from prelimbic.experiments import studies

PRELIMBIC = str(Path(sys.executable).with_name("prelimbic"))
SCRIPT = Path(studies.__file__).with_name("dose_response.py")
USAGE, FAILURE = 2, 1

RUN = ("run", "dose_response", "--list")
RAT = ("exposure", "--species", "rat", "--route", "ip", "--dose", "10", "--at")
MAN = ("exposure", "--species", "human", "--route", "iv", "--dose", "0.5", "--at")


def last(words: tuple[object, ...]) -> list[object]:
    """RAT or MAN and what follows, where an option that is given again takes the place of the first."""
    found = list(words)
    for option in ("--species", "--route", "--dose", "--at"):
        while (
            len(places := [k for k, word in enumerate(found) if str(word).partition("=")[0] == option]) > 1
        ):
            del found[places[0] : places[0] + (2 if found[places[0]] == option else 1)]
    return found


def is_one_sentence(err: str, *named: str) -> None:
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1
    assert err.startswith("prelimbic: ") and len(err.split()) > 2
    for word in named:
        assert word in err


def shell(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=60, check=False
    )
