"""Laws of overrides and digests, and sheets of arbitrary bytes."""

import math
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prelimbic.parameters import Sheet, SheetError, digest, sheet
from prelimbic.parameters.sheet import KEYS
from tests.test_parameters import BALL, HEAD, KNOWN

SST = sheet("sst")


@given(st.sampled_from(sorted(SST.values())), st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=50, deadline=None)
def test_an_override_changes_its_number_alone_and_changes_the_digest(key, value):
    before = SST.values()
    after = SST.replaced({key: value}).values()
    assert after == before | {key: value}
    assert (digest(after) == digest(before)) == (
        value == before[key] and math.copysign(1, value) == math.copysign(1, before[key])
    )
    assert SST.values() == before


def test_an_override_keeps_unit_status_and_source():
    section, name = "Pyr", "rest"
    before, after = SST.sections[section][name], SST.replaced({"Pyr.rest": -50.0}).sections[section][name]
    assert (after.value, after.range) == (-50.0, None)
    assert (after.unit, after.status, after.source) == (before.unit, before.status, before.source)


@pytest.mark.parametrize(
    "key", ["Pyr.nothing", "Nobody.rest", "rest", "Pyr", "", ".", "Pyr.rest.rest", "pyr.rest"]
)
def test_an_override_of_no_number_is_refused_by_file_and_name(key):
    with pytest.raises(SheetError) as caught:
        SST.replaced({key: 1.0})
    assert "sst.toml" in str(caught.value) and repr(key) in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_override_that_is_not_finite_is_refused_by_file_and_name(value):
    with pytest.raises(SheetError, match=re.escape("sst.toml [Pyr] rest")):
        SST.replaced({"Pyr.rest": value})


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), min_size=2))
@settings(max_examples=50, deadline=None)
def test_the_digest_does_not_depend_on_order_and_tells_any_two_sets_apart(values):
    backwards = dict(reversed(values.items()))
    assert digest(values) == digest(backwards)
    less = dict(list(values.items())[1:])
    assert digest(values) != digest(less)


PIECES = st.sampled_from(
    [
        "value",
        "unit",
        "status",
        "source",
        "note",
        "range",
        "title",
        "based_on",
        "sheet",
        "ball",
        "mass",
        "=",
        "{",
        "}",
        "[",
        "]",
        "[[",
        "]]",
        '"',
        "'",
        ",",
        "\n",
        "\\",
        "\x00",
        "\r",
        "#",
        ".",
        "-",
        "true",
        "nan",
        "-inf",
        "1e999",
        "0x",
        "1_0",
        "[1.0, 2.0]",
        '"toy"',
        '"measured"',
        '"newton1687"',
        "2020-01-01",
        "\ufeff",
        "é",
    ]
)
SOUP = st.lists(PIECES, max_size=40).map(" ".join)


@st.composite
def mutated(draw):
    """The valid sheet with some slices replaced by other pieces of TOML."""
    text = BALL
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(SOUP) + text[start + draw(st.integers(0, 12)) :]
    return text


def scalars():
    return st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=5))


def as_toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return '"' + "".join(f"\\U{ord(c):08X}" for c in value) + '"' if isinstance(value, str) else repr(value)


@st.composite
def typed(draw):
    """Well-formed TOML of the right shape whose values have any type."""
    values = st.one_of(scalars(), st.lists(scalars(), max_size=3))
    row = {key: as_toml(draw(values)) for key in draw(st.sets(st.sampled_from(sorted(KEYS))))}
    head = draw(
        st.sampled_from(
            [HEAD, HEAD, f"sheet = {as_toml(draw(values))}\n", f"{HEAD}based_on = {as_toml(draw(values))}\n"]
        )
    )
    return f"{head}[ball]\nmass = {{ {', '.join(f'{k} = {v}' for k, v in row.items())} }}\n"


def without_surrogates(text):
    return text.encode("utf-8", "replace")


@given(
    st.one_of(
        st.binary(max_size=200), st.one_of(st.text(), SOUP, mutated(), typed()).map(without_surrogates)
    )
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(b"")
@example(b"[sheet]\ntitle = 'x'")
def test_any_bytes_load_or_are_refused_as_a_sheet(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "toy.toml"
        path.write_bytes(data)
        try:
            loaded = Sheet(path, KNOWN)
        except SheetError as error:
            assert "toy.toml" in str(error)
        else:
            assert all(math.isfinite(value) for value in loaded.values().values())
