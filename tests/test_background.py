"""The background: its random numbers are Threefry's, those of the compiled program are the same, and its
events are Poisson.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from prelimbic.circuits import Numerics, background
from prelimbic.circuits.background import event_probabilities, threefry, uniform
from prelimbic.parameters import SUBUNITS
from tests.conftest import healthy_weights, network
from tests.engines import toy

OPEN = np.zeros((4, len(SUBUNITS)))
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89)
ONES = ((0xFFFFFFFF,) * 4,) * 2
ZEROS = ((0,) * 4,) * 2

STEPS, CELLS, MEAN = 1500, 640, 0.2
KEYS = ((1, 2), (-7, 8), (12345, -678), (0x7FFFFFFF, 0))
YARDSTICKS = 24


@pytest.mark.parametrize(
    ("given", "rounds", "words"),
    [
        (ZEROS, 13, "531c7e4f 39491ee5 2c855a92 3d6abf9a"),
        (ONES, 13, "c4189358 1c9cc83a d5881c67 6a0a89e0"),
        (PI, 13, "4aa71d8f 734738c2 431fc6a8 ae6debf1"),
        (ZEROS, 20, "9c6ca96a e17eae66 fc10ecd4 5256a7d8"),
    ],
)
def test_threefry_gives_the_known_answers_of_its_authors(given, rounds, words):
    # kat_vectors of Random123 for threefry4x32.
    assert " ".join(f"{int(word):08x}" for word in threefry(*given, rounds)) == words


@pytest.mark.slow
@pytest.mark.parametrize("precision", [32, 64])
@pytest.mark.parametrize("counts", [(1,), (67, 5, 3, 54), (64, 64), (130, 1, 1)])
def test_the_compiled_program_draws_the_same_numbers(precision, counts):
    for keys in ((0, 0), (-1, 2**31 - 1), (20240229, -5)):
        net = toy(counts, precision, key_0=keys[0], key_1=keys[1])
        for run, last in ((1, 0), (1, 1), (998, 999)):
            net.run(run * 1e-4)
            for name, stream, cells in (("draw", 0, sum(counts)), ("draw_apical", 1, counts[0])):
                assert np.array_equal(
                    net.fetch(f"cells.{name}")[:cells], uniform(np.arange(cells), stream, last, *keys)
                )
        net.close()


@pytest.mark.parametrize("precision", [32, pytest.param(64, marks=pytest.mark.slow)])
def test_a_circuit_counts_the_events_that_its_draws_tell(precision):
    net = network(name="dendritic", numerics=Numerics(precision))
    net.load_block(OPEN)
    kind, cells = (np.float32 if precision == 32 else np.float64), np.arange(net.circuit.size)
    keys = [int(net.engine.fetch(f"cells.key_{k}")[0]) for k in (0, 1)]
    net.engine.run(0.02)
    expected = np.zeros((2, len(cells)))
    for stream, letter in enumerate("pq"):
        chances = np.stack([net.engine.fetch(f"cells.{letter}_{k}") for k in (1, 2, 3, 4)])
        for step in range(200):
            expected[stream] += (uniform(cells, stream, step, *keys).astype(kind) < chances).sum(axis=0)
    pyr = net.circuit.counts[0]
    assert expected[1, :pyr].sum() > 1000
    assert np.array_equal(net.engine.fetch("cells.background_events"), expected.sum(axis=0))
    assert np.array_equal(net.engine.fetch("cells.background_events_apical"), expected[1])
    net.close()


def draws(key: tuple[int, int], stream: int = 0) -> np.ndarray:
    return np.stack([uniform(np.arange(CELLS), stream, step, *key) for step in range(STEPS)]).astype(float)


def events(uniforms: np.ndarray, mean: float = MEAN) -> np.ndarray:
    bounds = event_probabilities(np.array([mean / 1e-4]), 0.1)[:, 0]
    return (uniforms[..., None] < bounds).sum(axis=-1)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def apart(cells: int, steps: int) -> Callable[[np.ndarray], float]:
    """Correlation of the numbers of cells and steps so far apart."""
    return lambda x: correlation(x[steps:, cells:], x[: len(x) - steps, : x.shape[1] - cells])


# What tells good numbers from bad ones; every one is measured on Threefry's and on Philox's.
STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "mean": lambda x: float(x.mean()),
    "variance": lambda x: float(x.var()),
    **{f"{cells} cells apart": apart(cells, 0) for cells in (1, 16, 32, 48, 64, 80, 96, 112, 128)},
    "next step": apart(0, 1),
    **{f"next step, {cells} cells on": apart(cells, 1) for cells in (1, 16, 64, 128)},
    "next step, one cell back": lambda x: apart(1, 1)(x[:, ::-1]),
    "the sum of all cells": lambda x: float(x.sum(axis=1).var() / x.shape[1]),
    "the sum of all steps": lambda x: float(x.sum(axis=0).var() / x.shape[0]),
    "the next sum of all cells": lambda x: correlation(x.sum(axis=1)[1:], x.sum(axis=1)[:-1]),
}
OF_EVENTS: dict[str, Callable[[np.ndarray], float]] = {
    "events": lambda e: float(e.mean()),
    "variance of events": lambda e: float(e.var()),
    "two events": lambda e: float((e == 2).mean()),
    "three events or more": lambda e: float((e >= 3).mean()),
    "the sum of all cells' events": lambda e: float(e.sum(axis=1).var() / e.shape[1]),
}


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, np.ndarray]]:
    """Every statistic of our numbers under several keys, and of as many numbers of Philox under several
    seeds.
    """
    ours = [draws(key) for key in KEYS]
    theirs = (
        np.random.Generator(np.random.Philox(seed)).random((STEPS, CELLS)) for seed in range(YARDSTICKS)
    )
    found: dict[str, dict[str, list[float]]] = {
        kind: {name: [] for name in (*STATISTICS, *OF_EVENTS)} for kind in ("ours", "Philox")
    }
    for kind, sets in (("ours", ours), ("Philox", theirs)):
        for x in sets:
            for of, asked in ((x, STATISTICS), (events(x), OF_EVENTS)):
                for name, statistic in asked.items():
                    found[kind][name].append(statistic(of))
    return {kind: {name: np.array(values) for name, values in of.items()} for kind, of in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*STATISTICS, *OF_EVENTS])
def test_the_numbers_are_as_random_as_those_of_philox(measured, name):
    ours, philox = measured["ours"][name], measured["Philox"][name]
    assert (np.abs(ours - philox.mean()) < 4.5 * philox.std(ddof=1)).all()


def test_these_statistics_would_tell_numbers_that_neighbours_share(measured):
    # The yardstick is short enough: numbers of which one in forty is its neighbour's are found out.
    x, rng = draws(KEYS[0]), np.random.default_rng(1)
    shared = rng.random(x.shape) < 1 / 40
    for name, lag in (("16 cells apart", (0, 16)), ("next step", (1, 0)), ("next step, 1 cells on", (1, 1))):
        spoilt = np.where(shared, np.roll(x, lag, axis=(0, 1)), x)
        philox = measured["Philox"][name]
        assert abs(STATISTICS[name](spoilt) - philox.mean()) > 4.5 * philox.std(ddof=1)


def chance_of(seen: np.ndarray, mean: float) -> float:
    """Chance that Poisson counts of a mean differ as much from what is expected; `seen` holds how many
    counts are 0, 1, ...
    """
    # rarer ones are counted together
    fewest = [k for k in range(len(seen)) if poisson.sf(k - 1, mean) * seen.sum() > 5]
    assert fewest[-1] >= 2  # two events in a step are told from one
    pooled = np.append(seen[: fewest[-1]], seen[fewest[-1] :].sum())
    expected = np.append(poisson.pmf(fewest[:-1], mean), poisson.sf(fewest[-1] - 1, mean)) * seen.sum()
    return float(chisquare(pooled, expected).pvalue)


@pytest.mark.parametrize("mean", [0.02, 0.2, 0.45])
def test_background_events_are_poisson(mean):
    counts = np.bincount(events(draws(KEYS[2]), mean).ravel(), minlength=5)
    assert len(counts) == 5
    assert chance_of(counts, mean) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "precision"), [(0.2, 32), (0.45, 64)])
def test_a_cell_of_the_compiled_circuit_gets_poisson_events(mean, precision):
    net = network(numerics=Numerics(precision))
    net.load_block(OPEN)
    net.set_background(np.full(4, mean / 1e-4))
    seen, before = np.zeros(6, dtype=int), np.zeros(net.circuit.size)
    for _ in range(300):
        net.engine.run(1e-4)
        total = net.engine.fetch("cells.background_events").astype(float)
        seen += np.bincount((total - before).astype(int), minlength=6)
        before = total
    net.close()
    assert seen[5] == 0  # four and more are counted as four
    assert chance_of(seen[:5], mean) > 1e-4


def test_a_background_too_fast_for_the_step_is_refused():
    with pytest.raises(ValueError, match="too fast"):
        background.event_probabilities(np.array([6000.0]), 0.1)


def test_one_key_gives_one_set_of_numbers_and_soma_dendrite_and_other_keys_give_others():
    first, noise = draws((3, 4)), 5 / np.sqrt(STEPS * CELLS)
    assert np.array_equal(first, draws((3, 4)))
    for other in (draws((3, 4), stream=1), draws((3, 5)), draws((2, 4)), draws((4, 3)), draws((3, -4))):
        assert abs(correlation(first, other)) < noise
        assert (first == other).mean() < 1e-4  # 2^-16 by chance


def test_what_stands_below_the_16_bits_of_a_cell_fills_its_place_evenly_from_step_to_step():
    # So the chance of an event far rarer than 2^-16 is right too, over many steps.
    rest = np.array([uniform(np.arange(CELLS), 0, step, 3, 4).min() * 2.0**16 % 1 for step in range(4000)])
    for chance in (0.001, 0.01, 0.1, 0.5, 0.9):
        assert (rest < chance).mean() == pytest.approx(chance, abs=5 / 4000)


def test_the_number_of_a_cell_hangs_neither_on_how_many_cells_there_are_nor_on_their_order():
    some = np.array([5, 700, 64, 3])
    assert np.array_equal(uniform(some, 1, 9, 7, 8), uniform(np.arange(1000), 1, 9, 7, 8)[some])


def test_the_background_of_a_step_is_the_same_whatever_the_block_the_weights_and_the_looks_before():
    seen = []
    for block, share, looks in ((0.0, 1.0, (0.05, 0.05)), (0.9, 0.2, (0.1,))):
        net = network(name="dendritic")
        net.load_block(np.full(OPEN.shape, block))
        net.load_weights(share * healthy_weights(net.circuit))
        for seconds in looks:
            net.engine.run(seconds)
            net.engine.clear()
        seen.append(
            [net.engine.fetch(f"cells.{name}") for name in ("draw", "draw_apical", "background_events", "v")]
        )
        net.close()
    for one, other in zip(seen[0][:3], seen[1][:3], strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(seen[0][3], seen[1][3])


def test_the_background_differs_between_looks_and_seeds():
    first, other = network(), network(2)
    weights = healthy_weights(first.circuit)
    free = [first.observe(weights, OPEN, 0.3).excitatory_events_background for _ in range(2)]
    elsewhere = other.observe(weights, OPEN, 0.3).excitatory_events_background
    first.close(), other.close()
    assert not np.array_equal(free[0], free[1])
    assert not np.array_equal(free[0], elsewhere)
    rate = first.circuit.populations[0].background_rate
    assert free[0].mean() == pytest.approx(rate, rel=5 / np.sqrt(rate * 0.3 * len(free[0])))
