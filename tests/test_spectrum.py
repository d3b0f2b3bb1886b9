"""Spectra with known answers, and our fast spike statistics against Elephant's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import elephant.spectral
import neo
import numpy as np
import pytest
import quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from elephant.statistics import cv, isi, mean_firing_rate
from scipy.optimize import OptimizeResult
from specparam import SpectralModel

from prelimbic.circuits import activity
from prelimbic.circuits.activity import CORRELATION_BIN_S, pair_correlation, rate_statistics
from prelimbic.circuits.peaks import Parts, parts
from prelimbic.circuits.spectrum import BANDS, PEAK_WIDTH_HZ, _band_power, power_density, spectrum

LOOK, LONG = 2994, 5994  # samples of the proxy in looks of 3 and 6 s
SINES = {"slow_delta": 1.0, "theta": 6.0, "alpha": 10.0, "beta": 20.0, "gamma": 50.0, "hfo": 150.0}  # Hz
GAMMA = list(BANDS).index("gamma")
SECONDS = 40.0

Shape = Callable[[np.ndarray], np.ndarray]


def noise(samples: int, density: Shape, seed: int) -> np.ndarray:
    """Gaussian noise of a given density (per Hz): a stretch out of eight times its length, which has no
    period of its own.
    """
    n = 8 * samples
    frequency = np.fft.rfftfreq(n, 1e-3)[1:]
    drawn = np.random.default_rng(seed).normal(size=(2, len(frequency)))
    amplitude = (drawn[0] + 1j * drawn[1]) * np.sqrt(density(frequency) * n * 1000.0 / 4.0)
    return np.fft.irfft(np.concatenate([[0.0], amplitude]), n)[:samples]


def pink(frequency: np.ndarray) -> np.ndarray:
    return 100.0 / frequency


def synaptic(frequency: np.ndarray) -> np.ndarray:
    """Flat to a corner of 40 Hz, then falling with the power 2.5."""
    return 10**5.0 / (40.0**2.5 + frequency**2.5)


def rhythm(frequency: np.ndarray) -> np.ndarray:
    """A density that is a peak at 45 Hz."""
    return 15.0 * np.exp(-((frequency - 45.0) ** 2) / (2 * 4.0**2))


@pytest.mark.parametrize("band", BANDS)
def test_power_of_a_sine_is_half_its_square_and_only_in_its_band(band):
    sine = 3.0 * np.sin(2 * np.pi * SINES[band] * np.arange(LONG) / 1000.0)
    power = dict(zip(BANDS, spectrum(sine).power, strict=True))
    assert power.pop(band) == pytest.approx(4.5, rel=0.02)
    assert max(power.values()) < 0.01


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_exponent_and_offset_of_power_law_noise_are_recovered(exponent):
    looks = [spectrum(noise(LOOK, lambda f: 100.0 / f**exponent, seed)) for seed in range(10)]
    assert [look.aperiodic_exponent for look in looks] == pytest.approx([exponent] * 10, abs=0.2)
    assert np.mean([look.aperiodic_exponent for look in looks]) == pytest.approx(exponent, abs=0.06)
    assert np.mean([look.aperiodic_offset for look in looks]) == pytest.approx(2.0, abs=0.12)


def test_corner_of_synaptic_noise_is_recovered():
    look = spectrum(noise(20000, synaptic, 1))
    assert look.aperiodic_knee == pytest.approx(40.0, rel=0.1)
    assert look.aperiodic_exponent == pytest.approx(2.5, abs=0.15)


@pytest.mark.parametrize("floor", [pink, synaptic])
def test_a_rhythm_at_45_hz_is_found_with_its_power(floor):
    looks = [spectrum(noise(LOOK, lambda f: floor(f) + rhythm(f), seed)) for seed in range(30)]
    truth = rhythm(np.arange(*BANDS["gamma"])).sum()
    peaks = np.array([look.gamma_peak for look in looks])
    assert np.isfinite(peaks).sum() >= 27
    assert np.nanmean(peaks) == pytest.approx(45.0, abs=1.5)
    assert np.mean([look.periodic[GAMMA] for look in looks]) == pytest.approx(truth, rel=0.2)


@pytest.mark.parametrize("floor", [pink, synaptic])
def test_pure_noise_has_no_gamma_peak_and_no_periodic_power(floor):
    looks = [spectrum(noise(LOOK, floor, seed)) for seed in range(40)]
    assert np.isfinite([look.gamma_peak for look in looks]).sum() <= 3
    share = np.array([look.periodic / look.power for look in looks])[:, 1:]
    error = share.std(axis=0) / np.sqrt(len(looks))
    assert (np.abs(share.mean(axis=0)) < 3 * error + 0.05).all()


def band_power(trace: np.ndarray, band: tuple[float, float]) -> float:
    return _band_power(partial(power_density, trace), len(trace), band)


def test_bands_that_touch_share_no_power():
    trace = noise(LOOK, pink, 2)
    apart = [band_power(trace, BANDS[name]) for name in ("theta", "alpha", "beta", "gamma")]
    assert sum(apart) == pytest.approx(band_power(trace, (4.0, 80.0)))


def test_densities_of_all_frequencies_sum_to_the_variance():
    trace = noise(20000, synaptic, 3)
    frequency, density = power_density(trace)
    assert density.sum() * frequency[1] == pytest.approx(trace.var(), rel=0.03)


def test_welch_densities_are_elephants():
    trace = noise(LOOK, pink, 4)
    signal = neo.AnalogSignal(trace, units="pA", sampling_rate=1 * pq.kHz)
    theirs = elephant.spectral.welch_psd(signal, frequency_resolution=1 * pq.Hz, overlap=0.75)
    for mine, other in zip(power_density(trace), theirs, strict=True):
        assert mine == pytest.approx(np.ravel(other.magnitude))


@pytest.mark.parametrize("knee", [True, False])
@pytest.mark.parametrize("floor", [pink, synaptic])
def test_aperiodic_part_and_peaks_are_specparams(floor, knee):
    settings = {"peak_width_limits": PEAK_WIDTH_HZ, "min_peak_height": 0.5, "peak_threshold": 0.0}
    for seed in range(8):
        frequency, density = power_density(noise(LOOK, lambda f: floor(f) + rhythm(f), seed))
        theirs = SpectralModel(
            aperiodic_mode="knee" if knee else "fixed",
            algorithm_settings=settings,
            debug=True,
            verbose=False,
        )
        theirs.fit(frequency, density, [2.0, 300.0])
        mine = parts(frequency[2:301], np.log10(density[2:301]), PEAK_WIDTH_HZ, 0.5, knee)
        whole = [mine.offset, *([mine.knee] if knee else []), mine.exponent]
        np.testing.assert_allclose(whole, theirs.get_params("aperiodic"), rtol=1e-9)
        assert len(mine.peaks)
        np.testing.assert_allclose(mine.peaks, theirs.get_params("periodic"), rtol=1e-9)


def test_a_trace_of_3_s_has_no_slow_delta_and_one_of_6_s_has():
    short, long = (spectrum(noise(samples, pink, 5)) for samples in (LOOK, LONG))
    assert np.isnan([short.power[0], short.periodic[0]]).all()
    assert np.isfinite([*short.power[1:], *short.periodic[1:], *long.power, *long.periodic]).all()


def test_a_trace_too_short_to_fit_still_has_its_band_powers():
    look = spectrum(noise(1994, pink, 6))
    assert np.isfinite(look.power[1:]).all()
    assert np.isnan(
        [
            look.aperiodic_offset,
            look.aperiodic_knee,
            look.aperiodic_exponent,
            look.gamma_peak,
            *look.periodic,
        ]
    ).all()


def test_gamma_power_of_less_than_two_cycles_is_not_a_number():
    assert np.isnan(band_power(np.arange(60.0), BANDS["gamma"]))


def test_looks_of_any_length_share_their_frequencies():
    assert np.array_equal(*(spectrum(noise(samples, pink, 7)).frequency for samples in (LOOK, LONG)))


def test_a_constant_trace_has_no_power_and_no_fit_and_says_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        look = spectrum(np.full(LONG, 550.3))
    assert (look.power == 0.0).all()
    assert np.isnan(
        [
            look.aperiodic_offset,
            look.aperiodic_knee,
            look.aperiodic_exponent,
            look.gamma_peak,
            *look.periodic,
        ]
    ).all()
    assert capfd.readouterr() == ("", "")


def test_no_spectrum_warns_or_prints(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(60):
            # A 1/f bends nowhere: some of these drive the fit's knee to where its logarithm has no value.
            spectrum(noise(LOOK, pink, seed))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("knee", "exponent", "corner"), [(0.0, -0.01, 0.0), (3.0, 1e-3, np.inf), (1600.0, 2.0, 40.0)]
)
def test_corner_of_a_flat_spectrum_is_nowhere_or_out_of_sight(knee, exponent, corner):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Parts(0.0, exponent, knee).corner() == corner


def test_a_fit_that_does_not_converge_is_not_a_number(monkeypatch):
    def lost(*_: object, **__: object) -> OptimizeResult:
        return OptimizeResult(success=False)

    monkeypatch.setattr("scipy.optimize.least_squares", lost)
    look = spectrum(noise(LOOK, pink, 8))
    assert np.isfinite(look.power[1:]).all()
    assert np.isnan(
        [
            look.aperiodic_offset,
            look.aperiodic_knee,
            look.aperiodic_exponent,
            look.gamma_peak,
            *look.periodic,
        ]
    ).all()


@pytest.fixture(scope="module")
def spikes() -> tuple[np.ndarray, np.ndarray, list[neo.SpikeTrain]]:
    """Cell and time (ms) of spikes of 30 cells that share a slow drive, the last of them with too few for a
    CV; as trains too.
    """
    rng = np.random.default_rng(9)
    drive = 1.0 + 0.8 * np.sin(2 * np.pi * 0.7 * np.arange(0.0, SECONDS, 1e-3))
    rates = np.append(rng.uniform(1.0, 12.0, 29), 0.075)
    times = [np.flatnonzero(rng.random(len(drive)) < rate * drive * 1e-3) + rng.random() for rate in rates]
    trains = [neo.SpikeTrain(t * pq.ms, t_stop=SECONDS * pq.s) for t in times]
    return np.repeat(np.arange(30), [len(t) for t in times]), np.concatenate(times), trains


def test_rates_and_cvs_of_spike_intervals_are_elephants(spikes):
    cell, time_ms, trains = spikes
    rate, mean_cv, _ = rate_statistics(cell, time_ms, [slice(0, 12), slice(12, 30)], SECONDS)
    intervals = [isi(train) for train in trains]
    enough = [[i for i in group if len(i) >= 4] for group in (intervals[:12], intervals[12:])]
    assert len(enough[1]) < 18
    assert mean_cv == pytest.approx([np.mean([float(cv(i, ddof=1)) for i in group]) for group in enough])
    theirs = [float(mean_firing_rate(train).rescale("Hz")) for train in trains]
    assert rate == pytest.approx([np.mean(theirs[:12]), np.mean(theirs[12:])])


def test_pair_correlation_is_the_mean_of_elephants_coefficients(spikes, monkeypatch):
    cell, time_ms, trains = spikes
    binned = BinnedSpikeTrain(trains, bin_size=CORRELATION_BIN_S * pq.s)
    theirs = correlation_coefficient(binned)[~np.eye(len(trains), dtype=bool)].mean()
    assert theirs > 0.02
    # A cell that never fires counts in no pair.
    assert pair_correlation(cell, time_ms, len(trains) + 1, SECONDS) == pytest.approx(theirs)
    monkeypatch.setattr(activity, "MOST_COUNTS", 3 * int(SECONDS / CORRELATION_BIN_S))  # three at a time
    assert pair_correlation(cell, time_ms, len(trains) + 1, SECONDS) == pytest.approx(theirs)
