"""Exposures to what is given: texts of the command line, arms of a file, baths, and their figure."""

import json
import time
import warnings

import matplotlib
import numpy as np
import pytest

import prelimbic as pl
from prelimbic.experiments.figures.exposure import ROWS, figure
from prelimbic.experiments.questions import exposures
from prelimbic.pharmacology import AS_IT_IS, Bath, Dose
from prelimbic.simulation.exposed import drawn_hours, exposed, of_doses
from tests.said import FAILURE, MAN, RAT, USAGE, is_one_sentence

HUMAN, MOUSE = (("exposure", "--species", animal) for animal in ("human", "mouse"))
INFUSION = "0.5 mg/kg iv over 40min"
FILE = """
species = "rat"
set = { "compounds.memantine.ic50_2A" = 1.0 }
[[arm]]
name = "early"
give = ["10 mg/kg ip at -2h", "ketamine 5 mg/kg iv over 1h at 3h"]
[[arm]]
name = "dish"
bath = ["ketamine 3 uM from 0h to 2h", "memantine 1 uM from 0h to 2h"]
[[arm]]
name = "still"
give = "vehicle ip"
[[arm]]
name = "PV alone"
give = "10 mg/kg ip"
site = "pv"
"""
VARIED = """
species = "human"
give = "0.5 mg/kg iv over 40min"
[vary]
dose = [0.1, 1.0]
baseline = ["healthy", "spine_loss"]
"""


def told(call, *words: object) -> dict:
    code, out, err = call(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


@pytest.fixture
def mine(call, tmp_path) -> str:
    (tmp_path / "mine.toml").write_text(FILE)
    return "mine.toml"


# What is given on the command line


@pytest.mark.parametrize(
    ("short", "text"),
    [
        ((*MAN, "10min,4h", "--duration", "40min"), INFUSION),
        ((*RAT, "10min,4h"), "10 mg/kg ip"),
        ((*RAT, "10min,4h", "--compound", "norketamine"), "norketamine 10 mg/kg ip"),
    ],
)
def test_one_dose_is_the_same_in_both_forms(call, short, text):
    given = ("exposure", "--species", short[2], "--give", text, "--at", "10min,4h")
    assert told(call, *given) == told(call, *short)
    (head, *rest), (other, *others) = (call(*words)[1].splitlines() for words in (given, short))
    assert rest == others and len(rest) > 10
    assert text in head and short[2] in head and short[2] in other


def test_doses_add_and_mg_are_mg_per_kg_of_a_weight(call):
    asked = (*HUMAN, "--at", "1h,3h")
    both = told(call, *asked, "--give", INFUSION, "--give", "17.5 mg iv at 2h", "--weight", "70")
    assert both == told(call, *asked, "--give", INFUSION, "--give", "0.25 mg/kg iv at 2h")
    one = told(call, *asked, "--give", INFUSION)
    assert both["ketamine"]["brain_unbound_uM"][0] == one["ketamine"]["brain_unbound_uM"][0]
    assert both["ketamine"]["brain_unbound_uM"][1] > one["ketamine"]["brain_unbound_uM"][1]
    halves = told(call, *asked, *(("--give", "0.25 mg/kg iv over 40min") * 2))
    assert halves["block"]["PV"] == pytest.approx(one["block"]["PV"], rel=1e-5)
    out = call(*MOUSE, "--give", "0.25 mg ip", "--weight", "25 g", "--at", "1h")[1]
    assert "0.25 mg ip, mouse" in out


def test_a_weight_changes_the_body_and_the_sheets_own_does_not(call):
    asked = (*HUMAN, "--at", "40min,6h", "--give", INFUSION)
    plain, same, heavy = (told(call, *asked, *w) for w in ((), ("--weight", "70 kg"), ("--weight", "110")))
    assert plain == same != heavy
    later = [each["ketamine"]["arterial_ng_per_ml"][1] for each in (plain, heavy)]
    assert later[1] > later[0]  # mg/kg grow with mass, clearance with less
    assert told(call, *HUMAN, "--at", "6h", "--route", "iv", "--dose", "1", "--weight", "110")
    out = call(*asked, "--weight", "110")[1]
    assert f"{INFUSION}, human of 110 kg" in out


def test_sums_are_those_of_the_enantiomers_which_stand_beside_them(call):
    asked = (*HUMAN, "--weight", "70", "--at", "20min,2h")
    fields = {"arterial_ng_per_ml", "venous_ng_per_ml", "brain_unbound_uM", "brain_total_uM"}
    racemate = told(call, *asked, "--give", "ketamine 56 mg im")
    for name in ("ketamine", "norketamine", "hydroxynorketamine", "dehydronorketamine"):
        hands = [racemate[f"{hand}-{name}"] for hand in "SR"]
        assert racemate[name].keys() == hands[0].keys() == fields
        for field, values in racemate[name].items():
            assert values == pytest.approx(np.add(*(hand[field] for hand in hands)), rel=1e-5)
            assert min(values) > 0
    nasal = told(call, *asked, "--give", "esketamine 56 mg nasal")
    assert nasal["ketamine"] == nasal["S-ketamine"] and not any(nasal["R-norketamine"]["brain_unbound_uM"])
    assert nasal["block"].keys() == {"Pyr", "PV", "SST", "VIP"}
    out = call(*asked, "--give", "esketamine 56 mg nasal")[1]
    assert "S-norketamine" in out and "R-ketamine" not in out
    rat = told(call, "exposure", "--species", "rat", "--give", "10 mg/kg sc", "--at", "1h")
    assert "dehydronorketamine" not in rat and not [name for name in rat if "kamp" in name]


def test_hydroxynorketamine_in_man_stands_by_both_sets_of_its_constants(call, tmp_path):
    asked = (*HUMAN, "--at", "4h", "--give", INFUSION)
    found, out = told(call, *asked), call(*asked)[1]
    high, low = (found[name] for name in ("hydroxynorketamine", "hydroxynorketamine (kamp)"))
    assert high.keys() == low.keys() and high["arterial_ng_per_ml"] > low["arterial_ng_per_ml"]
    assert found.keys() >= {"S-hydroxynorketamine (kamp)", "R-hydroxynorketamine (kamp)"}
    said = " ".join(out.split())
    assert "* by set kamp of its constants (low); without * by set hasan (high" in said
    assert said.count(" hydroxynorketamine* ") == 1 and "S-hydroxynorketamine*" in said
    (tmp_path / "mine.toml").write_text(f'species = "human"\ngive = "{INFUSION}"\nhnk_exposure = "kamp"')
    (other,) = told(call, "exposure", "mine.toml", "--at", "4h").values()
    assert (other["hydroxynorketamine"], other["hydroxynorketamine (hasan)"]) == (low, high)


def test_many_times_and_doses_are_computed_at_once():
    give, at = [f"28 mg nasal at {h}h" for h in range(8)], np.linspace(0.0, 24.0, 300)
    began = time.process_time()
    pl.exposure("human", give, at, weight=70)
    assert time.process_time() - began < 0.5


def test_hours_before_0_are_those_of_an_earlier_dose(call):
    early = told(call, *MOUSE, "--give", "10 mg/kg ip at -2h", "--at=-2h,-1h,30min")
    late = told(call, *MOUSE, "--give", "10 mg/kg ip", "--at", "0h,1h,2.5h")
    assert early.pop("at_min") == [-120.0, -60.0, 30.0] and late.pop("at_min")
    assert early == late
    code, _, err = call(*MOUSE, "--give", "10 mg/kg ip at -2h", "--at=-3h")
    assert code == USAGE and "from -2 to" in err


def test_a_message_names_the_option_that_stands_there(call):
    for form in (("--give", "35 mg/kg iv"), ("--route", "iv", "--dose", "35")):
        assert f"{form[-2]} takes mg per kg" in call(*HUMAN, *form, "--at", "1h")[2]
    assert "--give '35 mg/kg': its route" in call(*HUMAN, "--give", "35 mg/kg", "--at", "1h")[2]


# What the arms of a file are given


def test_every_arm_of_a_file_that_gives_anything_is_shown(call, mine):
    code, out, err = call("exposure", mine, "--at=-1h,1h,2h", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert code == 0 and [*found] == ["early", "dish", "PV alone"]
    is_one_sentence(err, "PV alone", "site pv", "not in it")  # the block of an exposure knows no site
    words = ("--give", "10 mg/kg ip at -2h", "--give", "5 mg/kg iv over 1h at 3h", "--at=-1h,1h,2h")
    alone = told(call, "exposure", "--species", "rat", *words)
    assert found["early"].pop("overridden") == {"compounds.memantine.ic50_2A": 1.0}
    assert found["early"] == alone
    assert found["dish"]["ketamine"] == {"brain_unbound_uM": [0.0, 3.0, 0.0]}  # a dish has no plasma
    assert found["dish"]["memantine"] == {"brain_unbound_uM": [0.0, 1.0, 0.0]}
    out = call("exposure", mine, "--at", "1h")[1]
    assert "arm early: ketamine 10 mg/kg ip at -2h; ketamine 5 mg/kg iv over 1h at 3h, rat" in out
    assert "bath ketamine 3" in out and "still" not in out


def test_a_dose_that_is_varied_is_shown_at_each_and_other_axes_at_their_first_value(call, tmp_path):
    (tmp_path / "mine.toml").write_text(VARIED)
    found = told(call, "exposure", "mine.toml", "--at", "40min")
    assert [*found] == [f"ketamine, dose {dose} mg/kg, baseline healthy" for dose in ("0.1", "1")]
    low, high = (each["ketamine"]["brain_unbound_uM"][0] for each in found.values())
    assert high == pytest.approx(10 * low, rel=1e-5)


def test_a_protocol_that_ships_is_shown_by_its_name(call, tmp_path, monkeypatch):
    (tmp_path / "ours.toml").write_text(VARIED)
    monkeypatch.setattr(exposures, "shipped_protocols", lambda: {"ours": tmp_path / "ours.toml"})
    assert len(told(call, "exposure", "ours", "--at", "40min")) == 2
    code, _, err = call("exposure", "our", "--at", "40min")
    assert code == USAGE and "did you mean ours?" in err


def test_a_number_that_is_set_beside_a_file_is_in_all_arms_and_is_said_where_it_moves_none(call, mine):
    one, none = "compounds.ketamine.ic50_2B=1", "routes.mouse/ip.swallowed_absorption=3"
    code, out, err = call("exposure", mine, "--at", "1h", "--json", "--set", one, "--set", none)
    assert code == 0 and "depends on routes.mouse/ip.swallowed_absorption, which" in err
    assert all("compounds.ketamine.ic50_2B" in arm["overridden"] for arm in json.loads(out).values())
    code, _, err = call("exposure", mine, "--at", "1h", "--set", "compounds.memantine.ic50_2A=2")
    assert code == USAGE
    is_one_sentence(err, "mine.toml", "compounds.memantine.ic50_2A", "itself")


# The figure

SCHEDULE = (Dose(10.0, "ip", -2.0), Dose(5.0, "iv", 3.0, 1.0), Dose(2.0, "iv", 9.0, None, "norketamine"))


def test_a_drawing_begins_before_the_first_dose_and_ends_when_all_has_gone_or_after_a_day():
    config = of_doses("rat", SCHEDULE, "dendritic", (), AS_IT_IS)
    hours = drawn_hours([config])
    assert -4.0 < hours[0] < -2.0 and hours[-1] == pytest.approx(33.0)  # of hydroxynorketamine more is left
    assert drawn_hours([config], 12.0)[-1] == 12.0
    soon = of_doses(
        "rat", SCHEDULE, "dendritic", (("species.rat/hydroxynorketamine.clearance", 9.0),), AS_IT_IS
    )
    hours = drawn_hours([soon])
    left = exposed(soon, hours)["brain_unbound"]
    assert 9.0 < hours[-1] < 33.0 and (left[-1] <= 0.01 * left.max("time")).all()
    assert not (left[-20] <= 0.01 * left.max("time")).all()
    assert drawn_hours([soon, config])[-1] == pytest.approx(33.0)  # arms have one axis
    still = of_doses("rat", (Dose(0.0, "ip", 1.0),), "dendritic", (), AS_IT_IS)
    assert np.ptp(drawn_hours([still])) >= 24.0 and not exposed(still, drawn_hours([still]))["block"].any()


def test_a_figure_shows_every_compound_class_and_dose_of_every_arm():
    dish = pl.Scenario(species="rat", bath="memantine 1 uM from 0h to 2h").untimed
    configs = [of_doses("human", (Dose(0.5, "iv", 0.0, 2 / 3),), "dendritic", (), AS_IT_IS), dish]
    hours = drawn_hours(configs)
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = figure(["man", "dish"], configs, [exposed(config, hours) for config in configs])
        whole.canvas.draw()
    axes = np.array(whole.axes).reshape(3, 2)
    assert [axis.get_ylabel() for axis in axes[:, 0]] == [label for _, label in ROWS]
    assert "uM" in ROWS[0][1] and "ng/mL" in ROWS[1][1] and axes[2, 0].get_xlabel().endswith("(h)")
    assert {text.get_text() for text in whole.legends[0].texts} >= {"ketamine", "memantine", "venous plasma"}
    for column, kinds in ((0, 5), (1, 1)):
        curves = [
            [line for line in axis.lines if len(line.get_xdata()) == len(hours)] for axis in axes[:, column]
        ]
        assert [len(each) for each in curves] == [kinds, 2 * kinds if column == 0 else 1, 4]
        for axis in axes[:, column]:
            marks = [line for line in axis.lines if line.get_marker() == "^"]
            bars = [line for line in axis.lines if len(line.get_xdata()) == 2]
            assert [mark.get_xdata()[0] for mark in marks] == [0.0]
            assert [list(bar.get_xdata()) for bar in bars] == [[0.0, 2 / 3 if column == 0 else 2.0]]
    assert axes[0, 0].get_ylim() == axes[0, 1].get_ylim()
    assert "no plasma" in axes[1, 1].texts[0].get_text()


def test_a_figure_is_written_whole_beside_the_answer_or_alone(call, mine, tmp_path):
    (tmp_path / mine).write_text('species = "mouse"\ngive = "10 mg/kg ip"')
    code, out, _ = call("exposure", mine, "--plot", "mine.svg")
    assert (code, out) == (0, "figure: mine.svg\n")
    assert "<svg" in (tmp_path / "mine.svg").read_text()
    alone = (*MOUSE, "--give", "10 mg/kg ip")
    assert told(call, *alone, "--at", "1h", "--plot", "x.PDF") == told(call, *alone, "--at", "1h")
    assert (tmp_path / "x.PDF").read_bytes().startswith(b"%PDF")
    assert call(*MOUSE, "--give", "vehicle ip at 5h", "--plot", "x.png")[0] == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {"mine.toml", "mine.svg", "x.PDF", "x.png"}


def test_a_figure_that_fails_leaves_the_one_that_is_there(call, tmp_path, monkeypatch):
    (tmp_path / "x.png").write_bytes(b"before")
    monkeypatch.setattr("prelimbic.experiments.figures.exposure.figure", lambda *rest: 1 / 0)
    code, _, err = call(*MOUSE, "--give", "10 mg/kg ip", "--plot", "x.png")
    assert code == FAILURE and [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [
        ("x.png", b"before")
    ]
    is_one_sentence(err, "exposure", "could not be drawn")
    monkeypatch.undo()
    code, _, err = call(*MOUSE, "--give", "10 mg/kg ip", "--plot", tmp_path / "no" / "x.png")
    assert code == FAILURE and not (tmp_path / "no").exists()
    is_one_sentence(err, "no/x.png", "could not be written")


# What cannot be

GIVEN = (*HUMAN, "--give", INFUSION)
BAD = {
    "nothing given": ((*HUMAN, "--at", "1h"), "--give", "--route", "FILE"),
    "nothing at all": (("exposure", "--species", "rat", "--plot", "x.png"), "--give"),
    "no species": (("exposure", "--give", INFUSION, "--at", "1h"), "--species", "human, rat or mouse"),
    "both forms": ((*GIVEN, "--dose", "1", "--at", "1h"), "--dose", "--give"),
    "both forms, the drug": ((*GIVEN, "--compound", "ketamine", "--at", "1h"), "--compound", "--give"),
    "a trait without data": ((*RAT, "1h", "--cyp2b6", "*1/*6"), "--cyp2b6 *1/*6", "rat"),
    "a trait that is none": ((*GIVEN, "--cyp2b6", "*6", "--at", "1h"), "--cyp2b6", "'*6'", "*1/*6"),
    "a drug that a rat does not make": ((*RAT, "1h", "--compound", "dehydronorketamine"), "rat"),
    "mg without a weight": ((*HUMAN, "--give", "35 mg iv", "--at", "1h"), "--weight", "35 mg iv"),
    "a weight of a mouse": (
        (*HUMAN, "--give", "35 mg iv", "--weight", "25 g", "--at", "1h"),
        "human",
        "0.025",
    ),
    "a weight that is none": (
        (*HUMAN, "--give", "35 mg iv", "--weight", "fat", "--at", "1h"),
        "--weight",
        "'fat'",
    ),
    "a route that man has not": (
        (*HUMAN, "--give", "1 mg/kg ip", "--at", "1h"),
        "given ip to a human",
        "iv, im, sc, nasal",
    ),
    "a species": (("exposure", "--species", "rta", "--give", INFUSION, "--at", "1h"), "did you mean rat?"),
    "an empty text": ((*HUMAN, "--give", "", "--at", "1h"), "--give ''", "takes [COMPOUND]"),
    "10,000 doses": ((*HUMAN, "--give", "1 mg/kg iv every 1h x 10000", "--at", "1h"), "10000"),
    "too much to compute": ((*HUMAN, "--give", "1e308 mg/kg iv", "--at", "1h"), "1e+308"),
    "no time": (GIVEN, "--at", "--plot"),
    "a time before all": ((*GIVEN, "--at=-1h"), "--at", "from 0"),
    "a time twice": ((*GIVEN, "--at", "1h,1h"), "--at 1h", "2 times"),
    "a span": ((*GIVEN, "--at", "0h..24h"), "--at", "'0h..24h'"),
    "JSON of a figure": ((*GIVEN, "--plot", "x.png", "--json"), "--json", "--at"),
    "a figure of no kind": ((*GIVEN, "--plot", "x.gif"), "--plot", ".png, .svg or .pdf", "x.gif"),
    "a figure without a kind": ((*GIVEN, "--plot", "png"), "--plot", ".png, .svg or .pdf"),
    "no file": (("exposure", "no.toml", "--at", "1h"), "no.toml", "does not exist"),
    "no protocol": (("exposure", "nothing", "--at", "1h"), "'nothing'", ".toml"),
    "two files": (("exposure", "mine.toml", "mine.toml", "--at", "1h"), "mine.toml"),
    **{
        f"{option} beside a file": (
            ("exposure", "mine.toml", option, value, "--at", "1h"),
            option,
            "mine.toml",
        )
        for option, value in (
            ("--species", "rat"),
            ("--give", INFUSION),
            ("--weight", "70"),
            ("--dose", "1"),
        )
    },
    "a time before all arms": (("exposure", "mine.toml", "--at=-3h"), "--at", "from -2"),
    "a sheet of no circuit": (
        ("exposure", "mine.toml", "--at", "1h", "--sheet", "nix"),
        "mine.toml",
        "'nix'",
    ),
    "a number of none": (("exposure", "mine.toml", "--at", "1h", "--set", "circuit.Pyr.leek=3"), "leak"),
}


@pytest.mark.parametrize(("words", "named"), [(case[0], case[1:]) for case in BAD.values()], ids=BAD)
def test_what_cannot_be_exposed_is_told_in_one_sentence(call, mine, tmp_path, words, named):
    code, out, err = call(*words)
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('species = "rat"\ngive = "vehicle ip"', ("mine.toml", "no arm gives")),
        ('species = "rat"\nstress = "21d before 0h"', ("mine.toml", "no arm gives")),
        ('species = "rat"\ngive = "10 mg/kg ip"\nbaht = "ketamine 1 uM"', ("mine.toml", "'baht'", "bath")),
        ('species = "rat"\ngive = "1e308 mg/kg ip"', ("mine.toml", "1e+308")),
        ("\x00", ("mine.toml", "no TOML")),
        (
            f'species = "rat"\ngive = "1 mg/kg ip"\nvary.dose = {[*range(1, 26)]}',
            ("24", "25"),
        ),
    ],
)
def test_a_file_without_an_exposure_is_told_in_one_sentence(call, tmp_path, text, named):
    (tmp_path / "mine.toml").write_text(text)
    code, out, err = call("exposure", "mine.toml", "--plot", "x.png")
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "") and len([*tmp_path.iterdir()]) == 1


# In Python


def test_a_scenario_stands_in_the_place_of_what_is_given():
    scenario = pl.Scenario(species="human", give="35 mg iv over 40min at -1h", weight=70, read="24h")
    words = pl.exposure("human", "0.5 mg/kg iv over 40min at -1h", "-1h, 1h")
    assert pl.exposure(scenario, at=["-1h", 1.0]).identical(words)
    assert pl.exposure("human", "35 mg iv over 40min at -1h", "-1h, 1h", weight=70).identical(words)
    with pytest.raises(pl.UsageError, match="says itself what `give`"):
        pl.exposure(scenario, "10 mg/kg iv", 1.0)
    with pytest.raises(pl.UsageError, match="`give` takes"):
        pl.exposure("human", at=1.0)


def test_a_bath_is_around_receptors_and_in_no_plasma():
    bath = Bath((("ketamine", 2.0),), 0.0, 3.0)
    both = pl.exposure(pl.Scenario("rat", "10 mg/kg ip", bath=bath), at=[1.0, 4.0])
    dose, dish = pl.exposure("rat", "10 mg/kg ip", [1.0, 4.0]), pl.Scenario("rat", bath=bath)
    added = both["brain_unbound"] - dose["brain_unbound"]
    assert added.sel(compound="ketamine").values.tolist() == pytest.approx([2.0, 0.0])
    assert both["arterial"].equals(dose["arterial"])
    alone = pl.exposure(dish, at=[1.0, 4.0])
    assert alone["compound"].values.tolist() == ["ketamine"] and alone["arterial"].isnull().all()
    assert (alone["block"][0] > 0).all() and (alone["block"][1] == 0).all()
