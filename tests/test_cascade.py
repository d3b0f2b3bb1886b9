"""Laws of the cascade as arithmetic: its equations, its fixed point, strides, threads, cells, and what is
refused.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import CascadeNumbers, sheet
from prelimbic.plasticity import FACTORS, READOUTS, STATES, Arms, Cascade, CascadeError, resting_factors
from prelimbic.plasticity.cascade import TIMES, check_times
from tests.conftest import in_threads

CASCADE = sheet("cascade").fill("cascade", CascadeNumbers)
EVERY_ARM = Arms(
    eef2_gain=2.0,
    siah1_share=0.5,
    latch_charging=10.0,
    latch_time=12.0,
    latch_least=0.1,
    elements_rate=0.02,
    elements_lowest=0.1,
    second_gain=10.0,
    second_delay=3.0,
    second_stages=4.0,
)


def factors(minutes: int, **named: float) -> np.ndarray:
    found = resting_factors(minutes)
    for name, share in named.items():
        found[:, FACTORS.index(name)] = share
    return found


def noisy(cells: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Drives and NMDA conductances of cells, no two alike."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.6, 1.8, cells), rng.uniform(0.3, 1.2, cells)


# The equations

# All ten times slower, so that a minute is a small step; constants that are alike in the sheet differ, so
# that none can stand
# for another.
SLOWED = replace(
    CASCADE,
    **{name: 10.0 * getattr(CASCADE, name) for name in (*TIMES, "maturation_delay")}
    | dict(
        drive_smoothing=0.6,
        calcium_time=0.45,
        trkb_time=0.8,
        akt_time=1.0,
        erk_time=1.4,
        s6k_time=1.8,
        eef2_time=2.1,
    ),
    feedback_strength=CASCADE.feedback_strength / 10.0,
    translation_rate=CASCADE.translation_rate / 10.0,
)


def order(arms: Arms) -> tuple[str, ...]:
    """The names of all rows of a cascade's states but the last, which is their sum."""
    memory = (f"y{k + 1}" for k in range(round(arms.second_stages)))
    return (*STATES, *memory, *(f"z{k + 1}" for k in range(round(CASCADE.maturation_stages))))


def change(
    y: np.ndarray,
    n: CascadeNumbers,
    arms: Arms,
    felt: float,
    nmda: float,
    resting: float,
    deficit: float,
    left: dict[str, float],
    contacts: float,
) -> np.ndarray:
    """Time derivatives (1/h) of one cell as the docstring of the cascade writes them."""
    x, theta, c, p, B, T, A, E, N, R, L, M, K, F, S, H, *chains = y
    memory, z = np.split(np.array(chains), [round(arms.second_stages)])
    l, b, t, a, e, m, s, making = (left.get(name, 1.0) for name in FACTORS)  # noqa: E741
    share, top = arms.siah1_share, np.sqrt(max(A * E, 0.0))
    u = top * R * (1.0 - L) / (1.0 + F)
    active = (
        m
        * (1.0 + n.mtorc1_half**n.mtorc1_hill)
        * u**n.mtorc1_hill
        / (u**n.mtorc1_hill + n.mtorc1_half**n.mtorc1_hill)
    )
    risen = n.feedback_strength * arms.feedback * (K - 1.0) - F / n.feedback_time
    gate = arms.locus * M + (1.0 - arms.locus) * E
    width = (1.0 - arms.elements_lowest) / 2.0 / np.sqrt(np.log(2.0))
    grown = arms.elements_rate * (
        2.0 * np.exp(-(((x * contacts - (1.0 + arms.elements_lowest) / 2.0) / width) ** 2)) - 1.0
    )
    first, pace = (H if arms.elements_rate > 0 else S), n.maturation_stages / n.maturation_delay
    made = n.translation_rate * max(active - n.translation_gate, 0.0)
    again = m * arms.second_gain * memory[-1] if len(memory) else 0.0
    return np.array(
        [
            (felt - x) / n.drive_smoothing,
            (max(x, 1.0) - theta) / n.threshold_sliding,
            (1.0 + arms.surge * max(x / theta - n.drive_threshold, 0.0) - c) / n.calcium_time,
            (resting - p) / n.eef2_time,
            (1.0 + n.bdnf_gain * (c - 1.0) * l + arms.eef2_gain * (1.0 - p) - B) / n.bdnf_time,
            (t * (1.0 + n.trkb_half) * s * b * B / (s * b * B + n.trkb_half) - T) / n.trkb_time,
            (a * T - A) / n.akt_time,
            (e * T - E) / n.erk_time,
            (nmda - N) / n.nitrosylation_time,
            (1.0 - R * (1.0 - share + share * N)) / n.rheb_time,
            arms.latch_charging * max(deficit - arms.latch_least, 0.0) * (1.0 - L) - L / arms.latch_time,
            (active + again - M) / n.mtorc1_time,
            (M - K) / n.s6k_time,
            risen,
            (making * (1.0 + n.translation_rate * n.protein_time * max(gate - n.translation_gate, 0.0)) - S)
            / n.protein_time,
            grown,
            *np.subtract([made, *memory][: len(memory)], memory) * arms.second_stages / arms.second_delay,
            *np.subtract([first, *z[:-1]], z) * pace,
        ]
    )


def solved(y: np.ndarray, hours: float, steps: int, *given) -> np.ndarray:
    """The equations' solution, shape (moment, state), by Heun's rule; what has limits keeps to them."""
    at = list(STATES).index
    course, limits = [y], {at("feedback"): (0.0, np.inf), at("elements"): (0.0, 2.0)}
    for _ in range(steps):
        slope = change(y, *given)
        y = y + 0.5 * (slope + change(y + slope * hours / steps, *given)) * hours / steps
        for k, (low, high) in limits.items():
            y[k] = min(max(y[k], low), high)
        course.append(y)
    return np.array(course)


# (drive, nmda, resting, deficit, factors, contacts) while something is done, and the arms there are
DONE = {
    "drive": ((1.23, 1.0, 1.0, 0.0, {}, 1.0), Arms()),
    "a strong drive": ((2.5, 1.0, 1.0, 0.0, {}, 1.0), Arms()),
    "no feedback": ((1.23, 1.0, 1.0, 0.0, {}, 1.0), Arms(feedback=0.0)),
    "no drive": ((0.3, 1.0, 1.0, 0.0, {}, 1.0), Arms()),
    "eEF2": ((1.0, 1.0, 0.5, 0.0, {}, 1.0), Arms(surge=0.0, eef2_gain=2.0)),
    "Rheb": ((1.0, 0.4, 1.0, 0.0, {}, 1.0), Arms(surge=0.0, siah1_share=0.5)),
    "a sensitised TrkB": ((1.0, 1.0, 1.0, 0.0, {"sensitisation": 1.8}, 1.0), Arms()),
    "a latch": ((1.3, 1.0, 1.0, 0.4, {}, 1.0), Arms(latch_charging=10.0, latch_time=12.0, latch_least=0.1)),
    "a second phase": (
        (1.6, 1.0, 1.0, 0.0, {"mtorc1": 0.97}, 1.0),
        Arms(second_gain=10.0, second_delay=3.0, second_stages=4.0),
    ),
    "elements": ((0.5, 1.0, 1.0, 0.0, {}, 1.0), Arms(elements_rate=0.02, elements_lowest=0.1)),
    "elements of more contacts": (
        (0.8, 1.0, 1.0, 0.0, {}, 1.4),
        Arms(elements_rate=0.02, elements_lowest=0.1),
    ),
    "ERK in place of mTORC1": ((1.4, 1.0, 1.0, 0.0, {"mtorc1": 0.2}, 1.0), Arms(locus=0.0)),
    "inhibitors": (
        (1.6, 1.0, 1.0, 0.0, {"ltype": 0.8, "bdnf": 0.9, "trkb": 0.95, "akt": 0.9, "erk": 0.8}, 1.0),
        Arms(),
    ),
    "stress": ((1.0, 1.0, 1.0, 0.0, {"making": 0.3}, 1.0), Arms()),
    "everything": ((1.4, 0.6, 0.7, 0.3, {"sensitisation": 1.3, "akt": 0.9, "making": 0.95}, 1.0), EVERY_ARM),
}


@pytest.mark.parametrize(("done", "arms"), DONE.values(), ids=DONE)
@pytest.mark.parametrize(
    ("numbers", "slower", "error"),
    [
        pytest.param(SLOWED, 10, 0.01, marks=pytest.mark.slow, id="slowed"),
        pytest.param(CASCADE, 1, 0.05, id="as shipped"),
    ],
)
def test_minutes_add_up_to_the_differential_equations(done, arms, numbers, slower, error):
    arms = arms._replace(
        latch_charging=arms.latch_charging / slower,
        latch_time=arms.latch_time * slower,
        elements_rate=arms.elements_rate / slower,
        second_delay=arms.second_delay * slower,
        second_gain=arms.second_gain * slower,
    )
    cascade, seen, nothing = Cascade.at_rest(numbers, 1, arms), [], (1.0, 1.0, 1.0, 0.0, {}, 1.0)
    begun = exact = cascade.states[:-1, 0]
    for minutes, under in ((90, done), (90, nothing), (360, nothing)):
        drive, nmda, resting, deficit, left, contacts = under
        course = solved(exact, minutes * slower / 60.0, 5 * minutes, numbers, arms, *under)
        cascade = cascade.advance(
            np.array([drive]),
            np.array([nmda]),
            factors(minutes * slower, **left),
            resting,
            deficit,
            contacts,
        )
        exact = course[-1]
        seen.append((cascade.states[:-1, 0], exact, np.abs(course - begun).max(axis=0)))
    reach = np.max([far for *_, far in seen], axis=0)
    assert reach.max() > 0.005
    for found, expected, _ in seen:
        off = np.abs(found - expected) / np.maximum(reach, 1e-3)
        assert off.max() < error, dict(zip(order(arms), off.round(3), strict=True))


# Rest


def test_rest_is_a_fixed_point_whatever_arms_there_are():
    for arms in (Arms(), EVERY_ARM, Arms(feedback=0.0, locus=0.0, surge=0.0)):
        begun = Cascade.at_rest(CASCADE, 3, arms)
        state = begun.advance(np.ones(3), np.ones(3), resting_factors(60 * 100))
        assert np.abs(state.states[:-1] - begun.states[:-1]).max() < 1e-12
        assert state.signal == pytest.approx(np.ones(3), abs=1e-12)
        assert all(state.of(name) == pytest.approx(begun.of(name), abs=1e-12) for name in READOUTS)


def test_everything_but_latch_and_feedback_is_one_at_rest():
    begun = Cascade.at_rest(CASCADE, 2)
    assert {name for name in READOUTS if (begun.of(name) != 1.0).any()} == {"latch", "feedback"}
    assert (begun.of("latch") == 0.0).all() and (begun.of("feedback") == 0.0).all()


# Strides, threads, cells


@given(st.lists(st.integers(0, 90), min_size=1, max_size=8), st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_a_stride_parted_into_any_whole_minutes_leaves_identical_bytes(parts, cells):
    drive, nmda = noisy(cells)
    course = 1.0 + 0.3 * np.random.default_rng(5).random((sum(parts), len(FACTORS)))
    once = Cascade.at_rest(CASCADE, cells, EVERY_ARM).advance(drive, nmda, course, 0.6, 0.3)
    parted, done = Cascade.at_rest(CASCADE, cells, EVERY_ARM), 0
    for minutes in parts:
        parted = parted.advance(drive, nmda, course[done : done + minutes], 0.6, 0.3)
        done += minutes
    assert (parted.states.tobytes(), parted.ticks) == (once.states.tobytes(), once.ticks)
    assert np.array_equal(parted.signal, once.signal)


def test_the_cascade_does_not_depend_on_the_number_of_threads():
    drive, nmda = noisy(500)
    begun = Cascade.at_rest(CASCADE, 500, EVERY_ARM)
    one, many = in_threads(lambda: begun.advance(drive, nmda, factors(300), 0.5, 0.3).states)
    assert one == many != begun.states.tobytes()


def test_a_cell_knows_nothing_of_the_others_when_it_shares_no_drive():
    alone = replace(CASCADE, drive_sharing=0.0)
    drive, nmda = noisy(150)
    crowd = Cascade.at_rest(alone, 150, EVERY_ARM).advance(drive, nmda, factors(200), 0.5, 0.3)
    for cell in (0, 63, 64, 149):
        single = Cascade.at_rest(alone, 1, EVERY_ARM).advance(
            drive[cell : cell + 1], nmda[cell : cell + 1], factors(200), 0.5, 0.3
        )
        assert np.array_equal(single.states[:, 0], crowd.states[:, cell])


def test_a_cell_knows_of_the_others_their_mean_drive_alone():
    # eighths: their mean does not depend on how they are added
    drive = np.array([1.25, 1.5, 1.0, 1.75, 0.5, 2.0])
    others = np.array([1.25, 1.0, 2.0, 1.0, 1.75, 1.0])
    assert drive.mean() == others.mean()
    nmda, rest = np.ones(6), factors(120)
    for sharing in (0.25, 0.5):
        numbers = replace(CASCADE, drive_sharing=sharing)
        one, other = (Cascade.at_rest(numbers, 6).advance(d, nmda, rest) for d in (drive, others))
        assert np.array_equal(one.states[:, 0], other.states[:, 0])
        lonely = Cascade.at_rest(numbers, 1).advance(drive[:1], nmda[:1], rest)
        assert not np.array_equal(one.states[:, 0], lonely.states[:, 0])
        backwards = Cascade.at_rest(numbers, 6).advance(drive[::-1], nmda, rest)
        assert np.array_equal(backwards.states, one.states[:, ::-1])


def test_cells_that_share_all_their_drive_are_alike():
    numbers, (drive, _) = replace(CASCADE, drive_sharing=1.0), noisy(70)
    state = Cascade.at_rest(numbers, 70).advance(drive, np.ones(70), factors(300))
    assert np.ptp(state.states, axis=1).max() == 0.0
    assert state.of("drive")[0] == pytest.approx(drive.mean(), rel=1e-9)


def test_sharing_leaves_the_mean_drive_as_it_was():
    drive, nmda = noisy(90)
    means = [
        Cascade.at_rest(replace(CASCADE, drive_sharing=s), 90)
        .advance(drive, nmda, factors(60))
        .of("drive")
        .mean()
        for s in (0.0, 0.5, 1.0)
    ]
    assert means == pytest.approx([means[0]] * 3, rel=1e-12)


def test_a_cascade_rebuilt_from_copies_of_its_arrays_in_mid_stride_goes_on_bit_for_bit():
    drive, nmda = noisy(80)
    begun = Cascade.at_rest(CASCADE, 80, EVERY_ARM).advance(drive, nmda, factors(45), 0.5, 0.3)
    held = {f.name: getattr(begun, f.name) for f in fields(begun)}
    rebuilt = Cascade(**{n: v.copy() if isinstance(v, np.ndarray) else v for n, v in held.items()})
    one, other = (
        c.advance(drive[::-1], nmda, factors(75, akt=0.5), 0.8).begun().advance(drive, nmda, factors(30))
        for c in (begun, rebuilt)
    )
    assert one.states.tobytes() == other.states.tobytes() and one.ticks == other.ticks == 30
    assert np.array_equal(one.signal, other.signal)


def test_advancing_leaves_the_old_cascade_as_it_was_and_no_minute_changes_nothing():
    begun = Cascade.at_rest(CASCADE, 4)
    kept = begun.states.copy()
    begun.advance(np.full(4, 2.0), np.ones(4), factors(60))
    assert np.array_equal(begun.states, kept)
    assert np.array_equal(begun.advance(np.full(4, 2.0), np.ones(4), factors(0)).states, kept)


# The signal


def test_the_signal_is_the_mean_over_the_stride_of_what_left_the_chain():
    drive, nmda = np.array([1.6]), np.ones(1)
    state = Cascade.at_rest(CASCADE, 1).advance(drive, nmda, factors(600)).begun()
    minutes, whole = [], state
    for _ in range(40):
        whole = whole.advance(drive, nmda, factors(1))
        minutes.append(whole.states[-2, 0])
    assert whole.signal[0] == pytest.approx(np.mean(minutes), rel=1e-12)
    assert np.ptp(minutes) > 0
    assert whole.begun().signal[0] == minutes[-1]


def test_the_chain_delays_a_pulse_by_the_maturation_delay_and_loses_nothing_of_it():
    begun = Cascade.at_rest(CASCADE, 1)
    states = begun.states.copy()
    states[len(STATES), 0] += 100.0  # a pulse into the first stage
    state, signal = replace(begun, states=states), []
    for _ in range(240):
        state = state.begun().advance(np.ones(1), np.ones(1), factors(15))
        signal.append(state.signal[0] - 1.0)
    delay = np.average((np.arange(240) + 0.5) * 0.25, weights=signal)
    stage = CASCADE.maturation_delay / CASCADE.maturation_stages
    assert delay == pytest.approx(CASCADE.maturation_delay, rel=0.02)
    assert sum(signal) * 0.25 == pytest.approx(100.0 * stage, rel=0.02)
    spread = np.sqrt(np.average(((np.arange(240) + 0.5) * 0.25 - delay) ** 2, weights=signal))
    assert spread == pytest.approx(stage * np.sqrt(CASCADE.maturation_stages), rel=0.02)


# What cannot be


@pytest.mark.parametrize("name", TIMES)
def test_a_time_constant_below_two_minutes_is_refused_by_name(name):
    for hours in (0.001, 0.0333):
        with pytest.raises(
            CascadeError,
            match=rf"cascade.toml \[cascade\] {name} is {hours:g} h but must be at least 0.0333 h",
        ):
            Cascade.at_rest(replace(CASCADE, **{name: hours}), 1)
    check_times(replace(CASCADE, **{name: 0.0334}))


def test_stages_of_maturation_below_two_minutes_are_refused():
    with pytest.raises(CascadeError, match=r"maturation_delay over maturation_stages is 0\.01 h"):
        Cascade.at_rest(replace(CASCADE, maturation_delay=0.05, maturation_stages=5.0), 1)


@pytest.mark.parametrize("name", Arms._fields)
@pytest.mark.parametrize("size", [-1e-9, np.nan])
def test_an_arm_that_is_negative_or_no_number_is_refused_by_name(name, size):
    with pytest.raises(CascadeError, match=f"{name} of the cascade's arms is"):
        Cascade.at_rest(CASCADE, 1, Arms(**{name: size}))
