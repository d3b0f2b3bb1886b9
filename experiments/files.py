"""Files that are whole or not there, and the seal by which damage is seen without reading what is in them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import time
from functools import cache
from pathlib import Path
from typing import BinaryIO

SEAL = re.compile(rb"\nprelimbic seal (\S+) ([0-9a-f]{64})\n\Z")
TORN = re.compile(rb" [0-9a-f]{64}\n\Z")  # the end of a seal whose beginning is damaged
BEGINS, LONGEST_SEAL = b"\nprelimbic seal ", 400
AT_ONCE = 1 << 20  # bytes
ABANDONED_S = 3600.0  # no file takes so long to be written


class StoreError(RuntimeError):
    """A result file that cannot be written, or that is not a whole and undamaged run; said in one line of printable text."""

    def __init__(self, text: str):
        super().__init__(printable(text))


def printable(text: str) -> str:
    """Text from a file, of which a terminal can show every character and none does anything."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)


@cache
def machine() -> str:
    """This machine since it was started, and the container in it whose process numbers ours are."""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text()[:8]} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def scratch_name(name: str) -> str:
    """Name of the temporary file of this process beside a file."""
    tag = hashlib.sha256(machine().encode()).hexdigest()[:8]
    return f".{name}.{socket.gethostname()}.{tag}.{os.getpid()}.tmp"


def publish(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, by a temporary file beside it that is synced and renamed.  Raises StoreError."""
    scratch = path.with_name(scratch_name(path.name))
    try:
        with open(scratch, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(scratch, path)
        with contextlib.suppress(OSError):  # some shared folders cannot be synced; the file is there
            sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} could not be written: {reason(error)}") from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def sweep_stale(folder: Path) -> None:
    """Remove the temporary files that processes left when they were killed: those of this machine, and old ones of others."""
    ours = f".{scratch_name('').split('.')[-3]}."
    for path in folder.glob(".*.tmp"):
        process = path.name.split(".")[-2]
        with contextlib.suppress(OSError):
            gone = ours in path.name and process.isdigit() and not Path(f"/proc/{process}").exists()
            if gone or time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()


def sealed(content: bytes, what: str, target: str = "") -> bytes:
    """Content with a line at its end that says what it is, where given by what it was computed, and the SHA-256 of all before;
    readers of HDF5 pass over it."""
    if target:
        content += BEGINS + f"{what}/{target} ".encode()
        return content + hashlib.sha256(content).hexdigest().encode() + b"\n"
    return content + f"\nprelimbic seal {what} {hashlib.sha256(content).hexdigest()}\n".encode()


def sealed_target(path: Path) -> str:
    """By what a file was computed as its seal has it, without a look at what is in it; nothing where the seal has none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is not waited for
    except OSError:
        return ""
    try:
        found = SEAL.search(os.pread(handle, LONGEST_SEAL, max(0, os.fstat(handle).st_size - LONGEST_SEAL)))
    except OSError:
        return ""
    finally:
        os.close(handle)
    return printable(found[1].decode(errors="replace").partition("/")[2]) if found else ""


def seal_holds(path: Path, what: str) -> bool | None:
    """Whether a file is what its seal says and still as it was sealed; None where it has no seal."""
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a file")
    with open(path, "rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - LONGEST_SEAL))
        end = handle.read()
        found = SEAL.search(end)
        handle.seek(0)
        if found is None:
            return False if TORN.search(end) or _occurs(BEGINS, handle) else None
        ours, targeted, _ = found[1].partition(b"/")
        covered = size - len(found[0]) + (found.start(2) - found.start() if targeted else 0)  # a target is covered too
        return ours.decode(errors="replace") == what and _sha256(handle, covered) == found[2].decode()


def _sha256(handle: BinaryIO, size: int) -> str:
    """Digest of the next so many bytes."""
    total = hashlib.sha256()
    while size > 0 and (part := handle.read(min(size, AT_ONCE))):
        total.update(part)
        size -= len(part)
    return total.hexdigest()


def _occurs(text: bytes, handle: BinaryIO) -> bool:
    before = b""
    while part := handle.read(AT_ONCE):
        if text in before + part:
            return True
        before = part[-len(text) :]
    return False


def sync(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason(error: BaseException) -> str:
    """The first line of an error, or its system message where it has one."""
    number = getattr(error, "errno", None)
    if number:
        return os.strerror(number)
    return str(error).splitlines()[0].strip("'\"") if str(error) else type(error).__name__
