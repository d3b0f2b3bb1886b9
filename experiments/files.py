"""Files that are whole or not there, and the seal by which damage is seen without reading what is in them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
from pathlib import Path

SEAL = re.compile(rb"\nprelimbic seal (\S+) ([0-9a-f]{64})\n\Z")
BEGINS, LONGEST_SEAL = b"\nprelimbic seal ", 200


class StoreError(RuntimeError):
    """A result file that cannot be written, or that is not a whole and undamaged run."""


def publish(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, by a temporary file beside it that is synced and renamed.  Raises StoreError."""
    scratch = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        with open(scratch, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(scratch, path)
        sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} could not be written: {reason(error)}") from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def sweep_stale(folder: Path) -> None:
    """Remove the temporary files of `publish` that processes of this machine left when they were killed."""
    for path in folder.glob(f".*.{socket.gethostname()}.*.tmp"):
        process = path.name.split(".")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            path.unlink(missing_ok=True)


def sealed(content: bytes, what: str) -> bytes:
    """Content with a line at its end that says what it is, and its SHA-256; readers of HDF5 pass over it."""
    return content + f"\nprelimbic seal {what} {hashlib.sha256(content).hexdigest()}\n".encode()


def seal_holds(path: Path, what: str) -> bool | None:
    """Whether a file is what its seal says and still as it was sealed; None where it has no seal."""
    with open(path, "rb") as handle:
        content = handle.read()
    found = SEAL.search(content[-LONGEST_SEAL:])
    if found is None:
        return False if BEGINS in content[-LONGEST_SEAL:] else None
    body = memoryview(content)[: len(content) - (found.end() - found.start())]
    return found[1].decode(errors="replace") == what and hashlib.sha256(body).hexdigest() == found[2].decode()


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
