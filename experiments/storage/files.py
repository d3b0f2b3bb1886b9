"""Files that are whole or not there, and the seal by which damage is seen without reading what is in
them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import resource
import socket
import stat
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO

from prelimbic.parameters import system
from prelimbic.parameters.errors import RunError

SEAL = re.compile(rb"\nprelimbic seal (\S+) ([0-9a-f]{64})\n\Z")
TORN = re.compile(rb" [0-9a-f]{64}\n\Z")  # the end of a seal whose beginning is damaged
BEGINS, LONGEST_SEAL = b"\nprelimbic seal ", 400
AT_ONCE = 1 << 20  # bytes
ABANDONED_S = 3600.0  # no file takes so long to be written
UNREAD = "cannot be read here"  # in the place of a target
NAMED = 3  # files that a sentence names
# Errors that tell what stands under a name; all others tell of the machine.
OF_A_NAME = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG)
# What the HDF5 library says of a system call, or of memory, that failed it.
SYSTEM_ERROR, OUT_OF_MEMORY = re.compile(r"\berrno = (\d+)"), re.compile(r"\balloc(ate|ation)\b")
SCARCE = 1 << 34  # bytes; a limit on memory below is worth telling


class StoreError(RunError):
    """A result file that cannot be written or read; said in one line of printable text."""

    def __init__(self, text: str):
        super().__init__(printable(text))


class DamagedError(StoreError):
    """A file that is not the whole and undamaged one that it should be."""


class AbsentError(StoreError):
    """What does not exist."""


class UnreadableError(StoreError):
    """A file that cannot be read here and now, by no fault of its own: whether it is whole, nobody can
    say.
    """

    def __init__(self, what: object, cause: str):
        self.what, self.cause = str(what), printable(cause)
        super().__init__(f"{what} cannot be read here: {cause}")


def unreadable(folder: Path, causes: dict[str, str]) -> UnreadableError:
    """One sentence about files of a folder, by the cause of each, of which none was touched."""
    first, *_ = causes.values()
    if len(causes) == 1:
        return UnreadableError(folder / next(iter(causes)), f"{first} (it is left as it is)")
    more = f" and {len(causes) - NAMED} more" if len(causes) > NAMED else ""
    return UnreadableError(
        f"{len(causes)} files of {folder} ({', '.join([*causes][:NAMED])}{more})",
        f"{first} (they are left as they are)",
    )


def trouble(error: BaseException) -> str:
    """What is wrong with the machine, where an error tells that; empty where it tells of the file."""
    if isinstance(error, MemoryError):
        return _no_memory()
    number = error.errno if isinstance(error, OSError) and error.errno else None
    if number is None and (told := SYSTEM_ERROR.search(str(error))):
        number = int(told[1])
    if number is not None:
        return "" if number in OF_A_NAME else os.strerror(number)
    return _no_memory() if OUT_OF_MEMORY.search(str(error)) else ""


def _no_memory() -> str:
    """That memory is short, and the limit that may be why."""
    limit = min(
        (n for n in resource.getrlimit(resource.RLIMIT_AS) if n != resource.RLIM_INFINITY), default=SCARCE
    )
    return "there is not enough memory" + (f" (ulimit -v is {limit >> 10})" if limit < SCARCE else "")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise UnreadableError for trouble of the machine with a file, or for a link whose file is not there;
    other errors as they are.
    """
    try:
        yield
    except (OSError, MemoryError) as error:
        cause = trouble(error)
        if not cause and isinstance(error, FileNotFoundError) and path.is_symlink():
            cause = f"it is a link to {os.readlink(path)}, which is not there"
        if not cause:
            raise
        raise UnreadableError(path, cause) from None


def content_of(path: Path, most: int) -> bytes | None:
    """What stands in a regular file, no link; None where none is, or one of more than so many bytes.  Raises
    UnreadableError.
    """
    try:
        with reading(path), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
            about = os.fstat(handle.fileno())
            return next_of(handle) if stat.S_ISREG(about.st_mode) and about.st_size <= most else None
    except OSError:
        return None


def there(path: Path) -> bool:
    """Whether something stands under a name.  Raises UnreadableError where that cannot be seen."""
    try:
        with reading(path):
            path.lstat()
    except OSError:
        return False
    return True


def names_in(folder: Path) -> list[str]:
    """Names in a folder, sorted; none where it is not there.  Raises UnreadableError where they cannot be
    seen.
    """
    try:
        with reading(folder):
            return sorted(os.listdir(folder))
    except OSError:
        return []


def printable(text: str) -> str:
    """Text from a file, of which a terminal can show every character and none does anything."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)


@cache
def machine() -> str:
    """This machine since it was started, and the container in it whose process numbers ours are."""
    return system.booted()


def scratch_name(name: str) -> str:
    """Name of the temporary file of this process beside a file."""
    tag = hashlib.sha256(machine().encode()).hexdigest()[:8]
    return f".{name}.{socket.gethostname()}.{tag}.{os.getpid()}.tmp"


def publish(path: Path, content: bytes, finished: bool = False) -> None:
    """Make `path` hold `content`, by a temporary file beside it that is synced and renamed; one that is
    `finished` cannot be written any more.  Raises StoreError.
    """
    scratch = path.with_name(scratch_name(path.name))
    try:
        with open(scratch, "wb") as handle:
            handle.write(content)
            handle.flush()
            if finished:
                with contextlib.suppress(OSError):  # some shared folders have no modes
                    os.fchmod(handle.fileno(), os.fstat(handle.fileno()).st_mode & 0o444)
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
    """Remove the temporary files that processes left when they were killed: those of this machine, and old
    ones of others.
    """
    ours = f".{scratch_name('').split('.')[-3]}."
    for path in folder.glob(".*.tmp"):
        process = path.name.split(".")[-2]
        with contextlib.suppress(OSError):
            gone = ours in path.name and process.isdigit() and not lives(int(process))
            if gone or time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()


def lives(process: int) -> bool:
    """Whether a process of this machine is there, also where those of others are hidden from us."""
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def sealed(content: bytes, what: str, target: str = "") -> bytes:
    """Content with a line at its end that says what it is, where given by what it was computed, and the
    SHA-256 of all before; readers of HDF5 pass over it.
    """
    if target:
        content += BEGINS + f"{what}/{target} ".encode()
        return content + hashlib.sha256(content).hexdigest().encode() + b"\n"
    return content + f"\nprelimbic seal {what} {hashlib.sha256(content).hexdigest()}\n".encode()


def sealed_target(path: Path) -> str:
    """By what a file was computed as its seal has it, without a look at what is in it; nothing where the
    seal has none, and UNREAD where the file cannot be read here.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is not waited for
    except OSError:
        return UNREAD
    try:
        found = SEAL.search(os.pread(handle, LONGEST_SEAL, max(0, os.fstat(handle).st_size - LONGEST_SEAL)))
    except OSError as error:
        return "" if error.errno in (errno.ESPIPE, errno.EISDIR) else UNREAD
    finally:
        os.close(handle)
    return printable(found[1].decode(errors="replace").partition("/")[2]) if found else ""


def seal_holds(path: Path, what: str | None) -> bool | None:
    """Whether a file is what its seal says (anything for None) and still as it was sealed; None where it has
    no seal.

    Raises UnreadableError, DamagedError where something else than a file is there, and FileNotFoundError.
    """
    with reading(path), _opened(path) as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - LONGEST_SEAL))
        end = next_of(handle)
        found = SEAL.search(end)
        handle.seek(0)
        if found is None:
            return False if TORN.search(end) or _occurs(BEGINS, handle) else None
        ours, targeted, _ = found[1].partition(b"/")
        # a target is covered too
        covered = size - len(found[0]) + (found.start(2) - found.start() if targeted else 0)
        return (
            what in (None, ours.decode(errors="replace")) and _sha256(handle, covered) == found[2].decode()
        )


def _opened(path: Path) -> BinaryIO:
    """A file to read; nothing else is opened, for a pipe would wait."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise DamagedError(f"{path} is not a file")
    return open(path, "rb")


def next_of(handle: BinaryIO, size: int = -1) -> bytes:
    """The next bytes, at most so many, or all.  Raises OSError; Python tells EAGAIN, as some shared folders
    say it, by None.
    """
    part: bytes | None = handle.read(size)
    if part is None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return part


def _sha256(handle: BinaryIO, size: int) -> str:
    """Digest of the next so many bytes."""
    total = hashlib.sha256()
    while size > 0 and (part := next_of(handle, min(size, AT_ONCE))):
        total.update(part)
        size -= len(part)
    return total.hexdigest()


def _occurs(text: bytes, handle: BinaryIO) -> bool:
    before = b""
    while part := next_of(handle, AT_ONCE):
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
