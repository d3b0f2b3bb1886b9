"""Laws of a circuit under drug: what is around it acts by name, what is not there does nothing, and it is
closed whatever happens.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from prelimbic.circuits import EngineError
from prelimbic.parameters import COMPOUNDS, animal, compounds, sheet
from prelimbic.pharmacology import Bath, Dose, DoseError, Exposure, Together
from prelimbic.pharmacology.block import summed
from prelimbic.plasticity import kept
from prelimbic.simulation import drugged
from prelimbic.simulation.drugged import around, running
from prelimbic.simulation.hypotheses import Hypotheses
from tests.answering import Answering
from tests.conftest import brief

HOURS = np.array([0.0, 0.25, 1.0, 6.0])
DRUGS = (("mk801", 0.01), ("ketamine", 3.0), ("hydroxynorketamine", 2.0))
CONFIG = brief(10.0, hypotheses=Hypotheses(hcn="nmda_hcn1", hnk="ampa_all"))
CIRCUIT = CONFIG.described()


@pytest.fixture
def networks(monkeypatch):
    """Every network that is made; none spikes, and each knows whether it was closed."""
    made = []

    class Closing(Answering):
        def __init__(self, *given):
            super().__init__(*given)
            self.closed = 0
            made.append(self)

        def close(self):
            self.closed += 1

    monkeypatch.setattr(drugged, "drawn_network", Closing)
    return made


def test_a_network_is_closed_once_however_it_is_left(networks):
    with running(CONFIG, CIRCUIT, True):
        pass
    with pytest.raises(EngineError), running(CONFIG, CIRCUIT, True):
        raise EngineError("stopped")
    assert [network.closed for network in networks] == [1, 1]


def test_untreated_nothing_is_shut_and_the_circuit_is_as_described(networks):
    with running(CONFIG, CIRCUIT, True) as untreated:
        now = untreated.at(5.0)
    assert not now.nmda.any() and now.nmda.shape == CIRCUIT.mixtures.shape
    assert (now.hcn, now.unbound, now.circuit) == (0.0, {}, CIRCUIT)


def test_the_order_in_which_a_bath_names_its_drugs_moves_nothing(networks):
    with running(CONFIG, CIRCUIT, True) as untreated:
        found = [untreated.given(Bath(order)).at(0.0) for order in permutations(DRUGS)]
    for now in found:
        assert np.allclose(now.nmda, found[0].nmda, rtol=1e-12) and now.nmda.all()
        assert (now.hcn, now.circuit, now.unbound) == (found[0].hcn, found[0].circuit, dict(DRUGS))
    assert found[0].hcn > 0 and found[0].circuit != CIRCUIT


def test_channels_heed_ketamine_alone_and_ampa_conductance_hydroxynorketamine_alone(networks):
    with running(CONFIG, CIRCUIT, True) as untreated:
        alone = {drug: untreated.given(Bath(((drug, 1.0),))).at(0.0) for drug, _ in DRUGS}
    assert [drug for drug, now in alone.items() if now.hcn > 0] == ["ketamine"]
    assert [drug for drug, now in alone.items() if now.circuit != CIRCUIT] == ["hydroxynorketamine"]


def test_what_is_given_later_replaces_what_was_there_and_a_network_goes_on(networks):
    with running(CONFIG, CIRCUIT, True) as untreated:
        strong = untreated.given(Bath((("ketamine", 100.0),)))
        weak = strong.given(Bath((("ketamine", 1.0),)))
        assert (weak.at(0.0).nmda < strong.at(0.0).nmda).all()
        assert not untreated.at(0.0).nmda.any()  # none of them is changed by another
        assert weak.network is untreated.network and len(networks) == 1


def test_block_moves_on_by_hours_or_until_an_hour(networks):
    with running(CONFIG, CIRCUIT, True) as untreated:
        dosed = untreated.given(around(CONFIG), -12.0)
        seen = dosed.at(-12.0).observe(1.0)
        one, other = dosed.later(seen, 12.25), dosed.until(0.25, seen)
    assert not dosed.at(-12.0).nmda.any()
    assert one.block.time == other.block.time == 0.25
    assert np.array_equal(one.at(0.25).nmda, other.at(0.25).nmda) and one.at(0.25).nmda.all()


# Concentrations by name


def test_concentrations_are_asked_for_by_name_and_are_those_of_the_columns():
    exposure = Exposure.after((Dose(10.0, "ip"),), "rat")
    for source in (exposure, Bath(DRUGS), Together((exposure, Bath(DRUGS)))):
        columns = source.brain_unbound(HOURS)
        columns = summed(source.names, columns, source.names)  # of a racemate with its enantiomers
        for k, drug in enumerate(source.names):
            assert source.of(drug, HOURS) == pytest.approx(columns[:, k], rel=1e-12)
        for hour, row in zip(HOURS, columns, strict=True):
            assert [source.at(hour)[name] for name in source.names] == pytest.approx(row.tolist(), rel=1e-12)
        assert source.of("memantine", HOURS).tolist() == [0.0] * len(HOURS)


def test_an_exposure_takes_its_numbers_from_the_sheets_or_from_those_shipped():
    doses = (Dose(10.0, "ip"),)
    plain = Exposure.after(doses, "rat")
    assert plain == Exposure(doses, animal("rat"), compounds())
    quick = sheet("species").replaced({"rat/ketamine.clearance": 9.0})
    found = Exposure.after(doses, "rat", {"species": quick, "compounds": sheet("compounds")})
    assert found.animal == animal("rat", quick) != plain.animal
    assert (found.of("ketamine", HOURS[1:]) < plain.of("ketamine", HOURS[1:])).all()
    with pytest.raises(DoseError, match="human, rat, mouse"):
        Exposure.after(doses, "cat")
    with pytest.raises(DoseError, match="no data of ketamine given ip to a human"):
        Exposure.after(doses, "human")


def test_all_that_a_configuration_gives_is_around_its_circuit():
    bathed = brief(10.0, bath=Bath(DRUGS))
    assert around(CONFIG).names == tuple(f"{hand}-{drug}" for drug in COMPOUNDS for hand in "SR")
    assert around(bathed).at(1.0)["ketamine"] == around(brief(10.0)).at(1.0)["ketamine"] + 3.0
    assert around(bathed).at(1.0)["mk801"] == 0.01


# Kernels that are kept know the states by their place


def test_a_kernel_is_compiled_anew_where_the_list_of_states_is_another(monkeypatch, tmp_path):
    before = kept.kernels.__wrapped__()
    other = tmp_path / "slow.py"
    other.write_text(Path(kept.slow.__file__).read_text() + "\n")
    monkeypatch.setattr(kept.slow, "__file__", str(other))
    assert kept.kernels.__wrapped__() != before
