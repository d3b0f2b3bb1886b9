"""Whatever value is generated for an option, a bad one ends as one sentence, an exit code and nothing
written.
"""

import json
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prelimbic.circuits import NAMED, SCALES
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.options import flag
from prelimbic.parameters import CIRCUITS, COMPOUNDS, INHIBITORS, POPULATIONS, PRIOR, SPECIES, shipped
from prelimbic.parameters.sheet import STATUSES
from prelimbic.simulation.switches import SWITCHES
from tests.fuzz import NO_NUMBERS, NOT_FINITE, ODD, WORDS, ask, examples
from tests.said import last

RUN = ("run", "acute", "--list", "--seeds=1")
RAT = ("exposure", "--species=rat", "--route=ip", "--dose=10", "--at=1h")
MAN = ("exposure", "--species=human", "--route=iv", "--dose=0.5", "--at=1h")
CALIBRATE = ("calibrate", "sst", "--out=mine.toml")
OPTIONS = {
    "run": (
        "--share",
        "--among",
        "--cluster",
        "--jobs",
        "--time",
        "--partition",
        "--mem",
        "--account",
        "--sbatch",
        "--seeds",
        "--scale",
        "--workers",
        "--out",
        "--sheet",
        "--inhibit",
        "--manipulate",
        "--set",
        "--precision",
        "--step",
        "--delay-classes",
        *map(flag, SWITCHES),
    ),
    "exposure": (
        "--species",
        "--give",
        "--weight",
        "--route",
        "--dose",
        "--at",
        "--duration",
        "--compound",
        "--plot",
        "--sheet",
        "--set",
    ),
    "numbers": ("--status", "--sheet"),
    "number": ("--sheet",),
    "inspect": (),
    "equations": ("--sheet",),
    "claims": ("--seeds", "--sheet", "--set", "--results", "--workers", "--page"),
    "studies": (),
    "switches": (),
    "calibrate": ("--out", "--free", "--scale", "--wirings", "--draw", "--manipulate", "--set"),
}

# Values that must be refused


def beyond(low: float, high: float) -> st.SearchStrategy[str]:
    """Numbers as text, none of them from low to high."""
    wrong = st.floats(max_value=low).filter(lambda x: x < low) | st.floats(min_value=high).filter(
        lambda x: x > high
    )
    return wrong.map(repr) | NOT_FINITE


def below(least: int) -> st.SearchStrategy[str]:
    """Whole numbers as text that are too small, some of them of very many digits."""
    return st.integers(max_value=least - 1).map(str) | st.integers(1, 400).map(
        lambda digits: "-" + "9" * digits
    )


def unless(*known: str) -> st.SearchStrategy[str]:
    """Words that are none of those known, some very like one."""
    near = st.builds(
        "{}{}".format, st.sampled_from(known), st.sampled_from([" ", "s", "\n", ",", ".", "\udcff"])
    )
    turned = st.sampled_from(known).map(
        lambda word: word.swapcase() if word.swapcase() != word else word * 2
    )
    return (WORDS | near | turned).filter(lambda text: text not in known and not text.endswith(".toml"))


def with_unit(numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return numbers.map(lambda number: f"{number}h")


NO_HOURS = NO_NUMBERS.filter(lambda text: text != "1h") | with_unit(NO_NUMBERS)
NO_FILE = st.sampled_from([*ODD, "/proc/self/mem", "/dev/full", "..", "sst"]).map(
    lambda word: f"{word}.toml"
)
NO_CIRCUIT = (
    unless(*CIRCUITS, PRIOR, "all") | NO_FILE | st.sampled_from(sorted(set(shipped()) - {*CIRCUITS, PRIOR}))
)
SITES = ("all", "recurrent", "background", *(f"{a}->{b}" for a in POPULATIONS for b in POPULATIONS))
AMOUNTS, PLACES = ([name for name, (usage, _) in NAMED.items() if usage.startswith(sign)] for sign in "=@")
NO_MANIPULATION = (
    WORDS
    | st.sampled_from([*NAMED, *(f"{name}=" for name in NAMED), *(f"{name}@" for name in NAMED)])
    | st.builds("{}={}".format, st.sampled_from(AMOUNTS), NO_NUMBERS | beyond(0.0, 1e6))
    | st.builds("{}=0.5@{}".format, st.sampled_from(["ampa", "release"]), unless(*SITES))
    | st.builds("{}@{}".format, st.sampled_from(PLACES), unless(*POPULATIONS))
)
NO_INHIBITION = (
    unless(*INHIBITORS)
    | st.builds("{}={}".format, st.sampled_from(INHIBITORS), NO_NUMBERS | beyond(0.0, 1000.0))
    | st.builds("{}@{}h".format, st.sampled_from(INHIBITORS), NO_NUMBERS | beyond(-1e4, 1e4))
    | st.builds(
        "{}@{}".format, st.sampled_from(INHIBITORS), st.sampled_from(["0", "1d", "h", "-", "1 H", ""])
    )
)
NUMBERS = st.sampled_from(
    [
        "circuit.Pyr.leak",
        "circuit.Pyr->Pyr.weight",
        "circuit.receptors.magnesium",
        "circuit.apical.coupling",
        "circuit.2B.decay",
        "circuit.VIP.count",
        "compounds.ketamine.ic50_2A",
        "compounds.mk801.escape",
        "compounds.channel.temperature",
        "species.human.venous_slow",
        "routes.rat/ip.swallowed_absorption",
        "species.mouse.reference_mass",
        "cascade.cascade.bdnf_time",
        "spines.spines.branches",
        "inhibitors.akt_inhibitor.brain",
        "hypotheses.hypotheses.latch_time",
    ]
)
NO_OVERRIDE = (
    WORDS
    | st.builds("{}=1".format, WORDS)
    | st.builds("{}={}".format, NUMBERS, NO_NUMBERS | beyond(-1e9, 1e9))
)
OF_CIRCUIT = NO_OVERRIDE | NUMBERS.filter(lambda name: not name.startswith("circuit.")).map("{}=1".format)

BAD = {
    "run STUDY": (("run", "{}"), unless(*SHIPPED).filter(lambda word: not word.startswith("-"))),
    "run --share": (
        (*RUN, "--share={}"),
        st.builds("{}/{}".format, *[NO_NUMBERS | below(1)] * 2)
        | WORDS
        | st.integers(1, 10**30).map(lambda n: f"{n + 1}/{n}"),
    ),
    "run --among": ((*RUN, "--among={}"), WORDS.map(lambda word: f"/nowhere/{word}"), "--among"),
    "run --cluster": ((*RUN, "--cluster={}"), unless("slurm"), "--cluster"),
    "run --jobs": ((*RUN, "--cluster=slurm", "--jobs={}"), NO_NUMBERS | below(1), "--jobs"),
    "run --seeds": ((*RUN, "--seeds={}"), NO_NUMBERS | below(1), "--seeds"),
    "run --scale": ((*RUN, "--scale={}"), NO_NUMBERS | beyond(*SCALES), "--scale"),
    "run --workers": ((*RUN, "--workers={}"), NO_NUMBERS | below(1), "--workers"),
    "run --sheet": ((*RUN, "--sheet={}"), NO_CIRCUIT),
    "run --inhibit": (("run", "human_dose", "--list", "--seeds=1", "--inhibit={}"), NO_INHIBITION),
    "run --manipulate": ((*RUN, "--manipulate={}"), NO_MANIPULATION),
    "run --manipulate AMOUNT": (
        (*RUN, "--manipulate={}"),
        st.builds("{}={}".format, st.sampled_from(AMOUNTS), beyond(0.0, 1e6)),
    ),
    "run --set": ((*RUN, "--set={}"), NO_OVERRIDE),
    "run --precision": (
        (*RUN, "--precision={}"),
        NO_NUMBERS | st.integers().filter(lambda n: n not in (32, 64)).map(str),
        "--precision",
    ),
    "run --step": (
        (*RUN, "--step={}"),
        NO_NUMBERS | beyond(0.0, 1.0) | st.sampled_from(["0", "-0.0", "0.3", "0.9999", "1e-300"]),
        "--step",
    ),
    "run --delay-classes": (
        (*RUN, "--delay-classes={}"),
        NO_NUMBERS | below(0) | st.integers(10**6).map(str),
        "--delay-classes",
    ),
    "exposure --species": (last((*RAT, "--species={}")), unless(*SPECIES), *SPECIES),
    "exposure --route": (last((*RAT, "--route={}")), unless("iv", "ip"), "iv", "ip"),
    "exposure --dose": (last((*RAT, "--dose={}")), NO_NUMBERS | beyond(0.0, 1e6), "dose"),
    "exposure --at": (
        last((*RAT, "--at={}")),
        NO_HOURS | with_unit(beyond(0.0, 1e5)) | st.sampled_from(["1h,", "1h,,2h", "1h;2h"]),
        "--at",
    ),
    "exposure --duration": ((*MAN, "--duration={}"), NO_HOURS | with_unit(beyond(1e-6, 1e5))),
    "exposure --compound": ((*RAT, "--compound={}"), unless(*COMPOUNDS), *COMPOUNDS),
    "exposure --sheet": ((*RAT, "--sheet={}"), NO_CIRCUIT),
    "exposure --set": ((*RAT, "--set={}"), NO_OVERRIDE),
    "numbers --status": (("numbers", "--status={}"), unless(*STATUSES), "--status", *STATUSES),
    "number --sheet": (("number", "Pyr.leak", "--sheet={}"), unless(*shipped()) | NO_FILE),
    "numbers --sheet": (("numbers", "--sheet={}"), unless(*shipped()) | NO_FILE),
    "equations --sheet": (("equations", "--sheet={}"), NO_CIRCUIT),
    "inspect PATH": (("inspect", "{}"), WORDS.map(lambda word: f"/nowhere/{word}"), "/nowhere"),
    "status PATH": (("status", "{}"), WORDS.map(lambda word: f"/nowhere/{word}"), "/nowhere"),
    "verify PATH": (("verify", "{}"), WORDS.map(lambda word: f"/nowhere/{word}"), "/nowhere"),
    "claims IDS": (("claims", "V6", "{}"), WORDS.filter(lambda word: not word.startswith("-"))),
    "claims --seeds": (("claims", "V6", "--seeds={}"), NO_NUMBERS | below(2), "--seeds"),
    "claims --sheet": (("claims", "V6", "--sheet={}"), NO_CIRCUIT),
    "claims --set": (
        ("claims", "V6", "--set={}"),
        WORDS | st.builds("{}={}".format, NUMBERS, NO_NUMBERS | NOT_FINITE),
    ),
    "claims --workers": (("claims", "V6", "--workers={}"), NO_NUMBERS | below(1), "--workers"),
    "claims --page": (("claims", "V6", "--page={}"), WORDS, "--page"),
    "calibrate SHEET": (
        ("calibrate", "{}", "--out=mine.toml"),
        NO_CIRCUIT.filter(lambda word: not word.startswith("-")),
    ),
    "calibrate --out": (
        ("calibrate", "sst", "--out={}"),
        unless("mine") | WORDS.map(lambda word: f"/nowhere/{word}/mine.toml"),
    ),
    "calibrate --free": (
        (*CALIBRATE, "--free={}"),
        unless(*POPULATIONS).filter(lambda text: text.strip(" \n,") not in POPULATIONS)
        | st.just("Pyr,Pyramidal"),
        "--free",
        *POPULATIONS,
    ),
    "calibrate --scale": ((*CALIBRATE, "--scale={}"), NO_NUMBERS | beyond(*SCALES), "scale"),
    "calibrate --wirings": ((*CALIBRATE, "--wirings={}"), NO_NUMBERS | below(1), "--wirings"),
    "calibrate --draw": ((*CALIBRATE, "--draw={}"), NO_NUMBERS | below(0), "--draw"),
    "calibrate --manipulate": ((*CALIBRATE, "--manipulate={}"), NO_MANIPULATION),
    "calibrate --set": ((*CALIBRATE, "--set={}"), OF_CIRCUIT),
}


@pytest.fixture(autouse=True, scope="module")
def nothing_is_calibrated():
    """What should have been refused before is a failure of the test, not minutes of simulation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "prelimbic.experiments.cli.calibrating.calibrate", lambda *rest: pytest.fail("it was calibrated")
        )
        yield


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow if k % 3 else ()) for k, case in enumerate(BAD)]
)
@given(data=st.data())
@examples(25)
def test_a_bad_value_of_any_option_is_refused_in_one_sentence(case, data):
    words, values, *named = BAD[case]
    value = data.draw(values)
    ask(*(word.replace("{}", value) for word in words)).refuses(*named)


@given(st.sampled_from(sorted(SWITCHES)), st.data())
@examples(120)
def test_an_option_that_a_switch_does_not_have_is_refused_with_those_it_has(switch, data):
    options = SWITCHES[switch]
    ask(*RUN, f"{flag(switch)}={data.draw(unless(*options))}").refuses(flag(switch), *options)


@given(
    st.sampled_from(sorted(OPTIONS)), st.text(string.ascii_lowercase + "-", min_size=2, max_size=12), WORDS
)
@examples(60)
def test_an_unknown_option_is_refused_by_name(command, name, value):
    name = f"--x{name}"
    for words in ((name,), (name, value), (f"{name}={value}",)):
        ask(command, *words).refuses(name)


@given(unless(*OPTIONS))
@examples(60)
def test_an_unknown_command_is_refused(word):
    ask(word, "acute").refuses()


@pytest.mark.parametrize(
    ("command", "option"), [(command, option) for command in OPTIONS for option in OPTIONS[command]]
)
def test_an_option_without_its_value_is_refused_by_name(command, option):
    ask(command, option).refuses(option)


UNWRITABLE = st.builds(
    "{}/{}".format,
    st.sampled_from(["/proc", "/dev/null", "/proc/self/cmdline", "/sys"]),
    st.text("abcé \t\udcff[]", min_size=1, max_size=8),
) | st.integers(256, 1000).map("a".__mul__)


@given(UNWRITABLE)
@examples(30)
def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_computed(out):
    ask("run", "acute", "--seeds=1", f"--out={out}").refuses("cannot be written")


# Files

PARTS = ("study", "axes", "runs", "file", "run_id", "place", "odd")
LEAVES = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(["", "run.h5", "..", "a" * 300])
)
JSON = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(PARTS), part),
    max_leaves=8,
)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89HDF\r\n\x1a\n", b"\x1f\x8b", b"CDF\x01"]))
@examples(30)
def test_a_file_of_any_bytes_is_no_run(content, signature):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        path.write_bytes(signature + content)
        ask("inspect", path).refuses("run.h5")


@given(JSON)
@examples(100)
def test_a_manifest_of_anything_is_no_study(manifest):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "study.json").write_text(json.dumps(manifest))
        ask("inspect", folder).refuses(folder, "study.json")
