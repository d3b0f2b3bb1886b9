"""What generated bad input has in common: settings that make it the same every time, words nobody meant, the
command asked.
"""

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from prelimbic.experiments.cli import command
from prelimbic.parameters import COMPOUNDS, SPECIES, animal
from prelimbic.pharmacology import ROUTES
from tests.said import FAILURE, USAGE, is_one_sentence

# animal, drug and route, of all that there are data of
WAYS = [
    (name, drug, route)
    for name in SPECIES
    for drug in COMPOUNDS
    for route in ROUTES[name]
    if route == "iv" or animal(name).route_key(route, drug)
]
LONGEST = 4000  # characters of a sentence about short words


def examples(count: int) -> settings:
    """So many examples, the same in every run of the tests."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


# Words as a shell can pass them: anything but NUL, bytes that are no UTF-8 included.
ODD = [
    "",
    " ",
    "\t",
    "\n",
    "a\nb",
    "\x1b[31mred",
    "\x07",
    "\udcff",
    "\u202e",
    "\ufeff",
    "é" * 70,
    "[/red]",
    "[bold]",
    "%s",
    "{0}",
    "None",
    "true",
    "../..",
    "/",
    ".",
    "a" * 300,
    "-",
    "--",
    "-x",
    "=",
    "@",
    ",",
    "->",
    "'",
    '"',
    "\\",
    "🜁",
]
SIGNS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
# st.text would draw names out of the code
WORDS = st.sampled_from(ODD) | st.lists(SIGNS, max_size=20).map("".join)
NO_NUMBERS = (
    st.sampled_from(
        [
            *ODD,
            "1.5.2",
            "1e5e5",
            "0x10",
            "1,5",
            "--1",
            "1 2",
            "1/2",
            "e5",
            "1h",
            "½",
            "²",
            "1__0",
            "_1",
            "1e",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cs", "N"], exclude_characters="\0"), max_size=12)
).filter(lambda text: text.strip().lower().lstrip("+-") not in ("nan", "inf", "infinity"))
NOT_FINITE = st.sampled_from(["nan", "-nan", "inf", "-inf", "infinity", "1e999", "-1e999"])


@dataclass(frozen=True)
class Answer:
    """How a command ended, what it said and which files it left in an empty folder."""

    code: int
    out: str
    err: str
    written: tuple[str, ...]

    def refuses(self, *named: str) -> None:
        """Assert that it was one sentence about what was asked and nothing else happened."""
        assert self.code in (USAGE, FAILURE)
        assert (self.out, self.written) == ("", ())
        is_one_sentence(self.err, *named)
        assert len(self.err) <= LONGEST


def ask(*words: object) -> Answer:
    """One command in this process and in an empty folder, its two streams as they are in a shell."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), _streams() as (out, err):
        with warnings.catch_warnings():
            warnings.simplefilter("default", RuntimeWarning)
            warnings.showwarning = lambda message, *rest: print(f"warning: {message}", file=err)
            try:
                command.main([str(word) for word in words])
            except SystemExit as end:
                code = int(end.code or 0)
        written = tuple(sorted(os.listdir(folder)))
        return Answer(code, _text(out), _text(err), written)


@contextlib.contextmanager
def _streams() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Standard output and standard error with the encoding and the strictness of a shell's."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@contextlib.contextmanager
def told_by(*kinds: type[Exception]) -> Iterator[None]:
    """What happens inside succeeds without a warning, or ends as an error of just these kinds that tells one
    printable line.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            yield
    except kinds as error:
        assert type(error) in kinds
        assert str(error).strip() and str(error).isprintable()


def refused(
    kind: type[Exception], make: Callable[..., object], *words: object, named: tuple[str, ...] = ()
) -> None:
    """Assert that making something ends as such an error, which tells one printable line with these names in
    it.
    """
    with pytest.raises(kind) as caught:
        make(*words)
    assert type(caught.value) is kind
    assert str(caught.value).isprintable()
    for name in named:
        assert name in str(caught.value)
