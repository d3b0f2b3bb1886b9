"""A system without what only Linux has: put this folder on PYTHONPATH, and every process of ours that asks
for it fails with the place where it asked.
"""

import os
import sys

LINUX_ONLY = ("memfd_create", "ST_NOEXEC", "posix_fadvise", "pidfd_open", "eventfd", "preadv", "splice")
FOLDERS = ("/proc", "/sys")


def _ours() -> str:
    """Where in our code, not in tests or libraries, the present call was made; nothing if nowhere."""
    frame = sys._getframe(1)
    while frame is not None:
        package, file = frame.f_globals.get("__name__", ""), frame.f_code.co_filename
        if package.startswith("prelimbic."):
            return f"{file}:{frame.f_lineno}"
        if package.startswith("tests.") or "site-packages" in file:
            return ""
        frame = frame.f_back
    return ""


def _heard(event: str, given: tuple) -> None:
    if event in ("open", "os.listdir", "os.scandir") and given:
        path = given[0]
        text = os.fsdecode(path) if isinstance(path, str | bytes) else ""
        if text.startswith(FOLDERS) and (where := _ours()):
            raise AssertionError(f"{where} reads {text}, which only Linux has")


for _name in LINUX_ONLY:
    if hasattr(os, _name):
        delattr(os, _name)
_affinity = os.sched_getaffinity


def _hidden(process: int) -> set[int]:
    if where := _ours():
        raise AssertionError(f"{where} asks for the affinity mask, which only Linux has")
    return _affinity(process)


os.sched_getaffinity = _hidden
sys.addaudithook(_heard)
