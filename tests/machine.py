"""What a machine may do to whoever reads files on it: calls that fail, limits, users who are not root."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBC, PR_CAPBSET_DROP, LAST_RIGHT = ctypes.CDLL(None), 24, 63
# Calls about files whose path holds SHIM_PATH fail as SHIM_SAYS says: a call, an error number, and where in
# a file reading
# fails first, 0 if that is not told.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long from;
static int told(const char *path, const char *call) {
    const char *about = getenv("SHIM_PATH"), *says = getenv("SHIM_SAYS");
    char text[64] = {0}, name[16] = {0};
    int number = 0, before = errno;
    if (!about || !says || !path || !strstr(path, about)) return 0;
    long handle = syscall(SYS_openat, AT_FDCWD, says, O_RDONLY, 0);
    if (handle >= 0) { syscall(SYS_read, handle, text, 63); syscall(SYS_close, handle); }
    errno = before;
    from = 0;
    return sscanf(text, "%15s %d %ld", name, &number, &from) >= 2 && !strcmp(name, call) ? number : 0;
}
static int told_of(int handle, const char *call) {
    char link[64], path[4096];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    errno = before;
    if (size < 0) return 0;
    path[size] = 0;
    return told(path, call);
}
#define FAIL(number) do { int n_ = (number); if (n_) { errno = n_; return -1; } } while (0)
#define REAL(kind, name) static kind; if (!real) real = dlsym(RTLD_NEXT, name)
#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
    FAIL(told(path, "open")); REAL(int (*real)(const char *, int, ...), #name); \
    return real(path, flags, mode); }
OPEN(open) OPEN(open64)
#define READ(name) ssize_t name(int handle, void *to, size_t size) { \
    FAIL(told_of(handle, "read")); REAL(ssize_t (*real)(int, void *, size_t), #name); \
    return real(handle, to, size); }
READ(read)
#define PREAD(name) ssize_t name(int handle, void *to, size_t size, off_t at) { \
    int number = told_of(handle, "read"); if (at >= from) FAIL(number); \
    REAL(ssize_t (*real)(int, void *, size_t, off_t), #name); return real(handle, to, size, at); }
PREAD(pread) PREAD(pread64)
#define STAT(name) int name(const char *path, void *to) { \
    FAIL(told(path, "stat")); REAL(int (*real)(const char *, void *), #name); return real(path, to); }
STAT(stat) STAT(stat64) STAT(lstat) STAT(lstat64)
int flock(int handle, int how) {
    FAIL(told_of(handle, "flock")); REAL(int (*real)(int, int), "flock"); return real(handle, how); }
"""


def made_shim(folder: Path) -> Path:
    """A library that makes calls fail, for LD_PRELOAD, compiled into a folder."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (folder / "shim.c").write_text(SHIM)
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", folder / "shim.so", folder / "shim.c", "-ldl"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the shim does not compile: {done.stderr}")
    return folder / "shim.so"


def ordinary(
    *words: object, folder: Path, limits: dict[int, int] | None = None, **settings: object
) -> subprocess.CompletedProcess[str]:
    """A Python command without any right of root's, under hard limits (bytes, or what they count)."""

    def limited() -> None:
        for limit, most in (limits or {}).items():
            resource.setrlimit(limit, (most, most))
        if os.getuid() == 0:  # who then may neither raise limits nor read what modes forbid
            for right in range(LAST_RIGHT + 1):
                LIBC.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)

    own = {
        "HOME": folder,
        "PRELIMBIC_CACHE": folder / "cache",
        "PYTHONPATH": ROOT,
        "OPENBLAS_NUM_THREADS": 1,
    }
    environment = os.environ | {name: str(value) for name, value in (own | settings).items()}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=environment,
        preexec_fn=limited,
    )


SAID = """
import contextlib, io, json, os, sys
from prelimbic.experiments.cli import command
said = []
for first, *words in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), 0
    if first == "chmod":
        os.chmod(words[0], int(words[1], 8))
        continue
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command.main([first, *words])
        except SystemExit as error:
            code = error.code
    said.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(said))
"""


def commands(
    *asked: tuple[object, ...], folder: Path, limits: dict[int, int] | None = None
) -> list[tuple[int, str, str]]:
    """Code, output and errors of `prelimbic` as an ordinary user, asked more than once; `chmod PATH MODE`
    stands between.
    """
    words = json.dumps([[str(word) for word in one] for one in asked])
    done = ordinary("-c", SAID, words, folder=folder, limits=limits)
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout)]
