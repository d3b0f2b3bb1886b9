"""From equations to the program's text: no number of a sheet is in it, and its own exponential is that of
numpy.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from benchmarks import w1_engine
from prelimbic.circuits import equations as eq
from prelimbic.circuits.cache import _translated as translated
from prelimbic.circuits.model import Model
from prelimbic.parameters.caching import cache_folder
from tests.engines import STEP_S, TOY, toy

MODELS = {"point": eq.model(False), "dendritic": eq.model(True), "W1": w1_engine.model(), "toy": TOY}
LIMITS = {32: (-87.0, 88.0), 64: (-708.0, 709.0)}


@cache
def text(name: str, precision: int) -> str:
    """The text of a model's program, as it is compiled."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as work:  # beside its place, into which it is renamed
        return translated(MODELS[name], precision, folder / "program", Path(work))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_taken_apart_and_sent_as_text_is_the_same_model(name):
    model = MODELS[name]
    again = Model.from_dict(json.loads(json.dumps(asdict(model))))
    assert again == model == Model.from_dict(asdict(model))
    assert again.digest == model.digest
    assert len({m.digest for m in MODELS.values()}) == len(MODELS)


@pytest.mark.parametrize(("name", "precision"), [("dendritic", 32), ("point", 64)])
def test_the_program_holds_no_number_but_those_of_its_formulas(name, precision):
    model = MODELS[name]
    lines = [line for line in text(name, precision).splitlines() if not line.startswith(('{"', "#"))]
    written = re.findall(r"(?<![\w.])(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?", "\n".join(lines))
    real, whole = ({n for n in written if ("." in n) == point} for point in (True, False))
    # A half is where truth values are told apart, a thousandth the share of a step by which a period may be
    # too short.
    assert {round(float(n), 8) for n in real} <= {0.0, 0.5, 1.0, 0.001}
    assert {int(n) for n in whole} <= set(range(max(len(model.groups), len(model.spare) + 1)))


@pytest.mark.parametrize("precision", [32, 64])
def test_a_program_computes_in_its_own_precision_throughout(precision):
    lines = text("dendritic", precision).splitlines()
    other = {32: r"\bdouble\b|(?<![\w.(])\d+\.\d*(?![\w.])", 64: r"\bfloat\b|\.\d*[1-9]f\b"}[precision]
    loops = [k for k, line in enumerate(lines) if "// loop " in line]
    assert loops
    for first in loops:
        body = lines[first : lines.index("}", first)]
        assert len(body) > 20
        assert not [line for line in body if re.search(other, re.sub(r"Real\([\d.]+\)", "", line))]


@pytest.mark.parametrize(("precision", "accuracy"), [(32, 4e-7), (64, 2e-15)])
def test_the_exponential_is_that_of_numpy_over_the_whole_range_and_constant_beyond(precision, accuracy):
    low, high = LIMITS[precision]
    kind = np.float32 if precision == 32 else np.float64
    # Everywhere, near zero, and on both sides of where one power of two takes over from the next.
    halves = (np.arange(np.ceil(low / np.log(2)), high / np.log(2)) + 0.5) * np.log(2)
    inside = np.concatenate(
        [np.linspace(low, high, 40001), np.linspace(-1e-3, 1e-3, 2001), [0.0, -0.0, 1e-30, -1e-30]]
    )
    inside = np.concatenate(
        [inside, *(np.nextafter(kind(halves), kind(to)) for to in (low, high)), kind(halves)]
    )
    inside = np.clip(inside.astype(kind), low, high)
    beyond = np.array([-1e30, 10 * low, low - 1, high + 1, 10 * high, 1e30])
    x = np.concatenate([inside, beyond]).astype(kind)
    net = toy((len(x),), precision, exponent=x)
    net.run(STEP_S)
    power = net.fetch("cells.power")
    net.close()
    assert power.dtype == kind
    np.testing.assert_allclose(
        power[: len(inside)].astype(np.longdouble), np.exp(inside.astype(np.longdouble)), rtol=accuracy
    )
    assert power[np.flatnonzero(x == 0)].tolist() == [1.0] * int((x == 0).sum())
    ends = power[len(inside) :]
    assert len(set(ends[:3])) == len(set(ends[3:])) == 1
    assert ends[[0, -1]].astype(np.longdouble) == pytest.approx(
        np.exp(np.array([low, high], np.longdouble)), rel=accuracy
    )
