"""What only Linux has, in one place, and what does the same work with any POSIX system.

It stands in the lowest room because all others ask it.  Every function takes what the system has, and has a
twin that needs nothing but POSIX and Python's own library.  $PRELIMBIC_PORTABLE_SYSTEM=1 hides what Linux
has beyond that; results are the same, and it is for tests and for finding faults.
"""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

HIDDEN = "PRELIMBIC_PORTABLE_SYSTEM"
OF_PROCESSOR = ("model name", "flags", "Features", "CPU part")


def plain() -> bool:
    """Whether what Linux has beyond POSIX is hidden."""
    return os.environ.get(HIDDEN, "").strip() not in ("", "0")


def cpus() -> int:
    """CPUs that this process may run on, at least 1; all of the machine where the system has no affinity
    mask.
    """
    if hasattr(os, "sched_getaffinity") and not plain():
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def kernel_text(path: Path) -> str:
    """What the kernel tells in a file of `/proc` or `/sys`; nothing where there is none."""
    if plain():
        return ""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def unnamed_file(name: str) -> int:
    """Descriptor of an empty file that no other process finds: in memory, else among temporary files.
    Raises OSError.
    """
    if hasattr(os, "memfd_create") and not plain():
        return int(os.memfd_create(name))
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def give_back(file: int, size: int) -> None:
    """Give the pages of a mapped file of `size` bytes back, which stays as long; nothing where the system
    may not shorten a file that is mapped.
    """
    if hasattr(os, "memfd_create") and not plain():
        os.ftruncate(file, 0)
        os.ftruncate(file, size)


def runs_nothing(folder: Path) -> bool:
    """Whether a folder is known to be mounted so that no program in it may run."""
    if hasattr(os, "ST_NOEXEC") and not plain():
        return bool(os.statvfs(folder).f_flag & os.ST_NOEXEC)
    return False


def booted() -> str:
    """This machine since it was started, and the container in it whose process numbers ours are; else the
    name of the machine.
    """
    boot = kernel_text(Path("/proc/sys/kernel/random/boot_id"))
    with suppress(OSError):
        if boot:
            return f"{boot[:8]} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def began(process: int) -> str | None:
    """When a process of this machine began, in the machine's own clock; empty where it has ended unburied,
    None where that cannot be seen.
    """
    words = kernel_text(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    if not words:
        return None
    return "" if words[0] in "ZX" else words[19]


def errors_go_to() -> str:
    """The file that standard error is written to; nothing where it is none, or cannot be seen."""
    if plain():
        return ""
    file = os.path.realpath("/proc/self/fd/2")
    return file if os.path.isfile(file) else ""


def vector_words() -> set[str]:
    """What the processor says that it has, such as avx2 or asimd; nothing where it does not say."""
    lines = kernel_text(Path("/proc/cpuinfo")).splitlines()
    line = next((each for each in lines if each.lower().startswith(("flags", "features"))), "")
    return {*line.split()}


def free_memory() -> int | None:
    """Bytes of memory that processes may still take; None where the system does not say."""
    lines = kernel_text(Path("/proc/meminfo")).splitlines()
    line = next((each for each in lines if each.startswith("MemAvailable")), "")
    try:
        return int(line.split()[1]) << 10
    except (IndexError, ValueError):
        return None


def processor() -> list[str]:
    """What is known of the kind of processor, of which code is made."""
    first = kernel_text(Path("/proc/cpuinfo")).partition("\n\n")[0]
    told = [line for line in first.splitlines() if line.startswith(OF_PROCESSOR)]
    return told or [platform.machine(), platform.processor()]
