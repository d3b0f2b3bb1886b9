"""What a message tells besides that something is wrong: what was meant, and what was given twice."""

import pytest

from prelimbic.experiments.cli import command, words
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.parameters import CIRCUIT, CIRCUITS, SheetError, near, sheet, shipped
from prelimbic.simulation.overrides import parse_overrides
from tests.said import MAN, RAT, RUN, USAGE, is_one_sentence, last

# What was meant

MEANT = {
    "a study": (("run", "dose_respons"), "dose_respons", "did you mean dose_response?", "circuit_prior"),
    "no study": (("run",), "STUDY", *SHIPPED),
    "a study for a command": (("surge",), "study", "prelimbic run surge"),
    "a study for a command, misspelt": (("dose_respons", "--seeds", "3"), "prelimbic run dose_response"),
    "a command": (("inspct", "x"), "inspect", "verify"),
    "an option": (("run", "acute", "--seed", "3"), "--seed", "did you mean --seeds?"),
    "an option of a switch": ((*RUN, "--base-line", "healthy"), "did you mean --baseline?"),
    "an option before the command": (
        ("--seeds", "3", "run", "acute"),
        "after the command",
        "prelimbic run --seeds",
    ),
    "a switch": ((*RUN, "--baseline", "helthy"), "did you mean healthy?", "sst_loss"),
    "a number": ((*RUN, "--set", "circuit.Pyr.leek=9"), "did you mean circuit.Pyr.leak?"),
    "a number without its sheet": (
        (*RUN, "--set", "Pyr.leak=9"),
        "did you mean circuit.Pyr.leak?",
        "species",
    ),
    "a number of a drug": (
        (*RUN, "--set", "compounds.ketamin.ic50_2A=9"),
        "did you mean compounds.ketamine.ic50_2A or compounds.ketamine.ic50_2AB?",
    ),
    "a sheet": ((*RUN, "--sheet", "dendrtic"), "did you mean dendritic?", ".toml"),
    "a sheet that is shipped": (
        (*RUN, "--sheet", "point.toml"),
        "point.toml does not exist",
        "called point",
    ),
    "a sheet of numbers": (("numbers", "--sheet", "specie"), "did you mean species?"),
    "a status": (("numbers", "--status", "measure"), "did you mean measured?"),
    "an inhibitor": ((*RUN, "--inhibit", "rapamycin_icv2@0h"), "did you mean rapamycin_icv?"),
    "a manipulation": ((*RUN, "--manipulate", "delete-Glun2b@PV"), "did you mean delete-GluN2B?"),
    "a population": ((*RUN, "--manipulate", "silence@PVs"), "did you mean PV?"),
    "a site": ((*RUN, "--manipulate", "ampa=0.5@Pyr->sst"), "did you mean Pyr->SST?"),
    "a species": ((*RAT, "1h", "--species", "mous"), "did you mean mouse?"),
    "a species in another case": ((*RAT, "1h", "--species", "Rat"), "did you mean rat?"),
    "a route": ((*RAT, "1h", "--route", "i.p."), "did you mean ip?"),
    "a compound": ((*RAT, "1h", "--compound", "norketamin"), "did you mean norketamine?"),
    "a claim": (("claims", "v6"), "did you mean V6?"),
    "a cluster": (("run", "acute", "--cluster", "Slurm"), "did you mean slurm?"),
    "a population to calibrate": (
        ("calibrate", "sst", "--out", "x.toml", "--free", "Pry"),
        "did you mean Pyr?",
    ),
    "what an option is": (RAT[:-1], "--at", "10min"),
    "a missing species": (
        ("exposure", "--route", "ip", "--dose", "1", "--at", "1h"),
        "--species",
        "human, rat or mouse",
    ),
    "an hour of an inhibitor": ((*RUN, "--inhibit", "anti_bdnf@-0.5"), "-0.5min or -0.5h", "unit"),
    "a time": ((*RAT, "10"), "10min or 10h"),
    "a length": ((*MAN, "1h", "--duration", "40"), "40min or 40h"),
    "a number of dose": ((*RAT, "1h", "--dose", "10mg"), "'10mg' is not a number"),
}


@pytest.mark.parametrize(("asked", "named"), [(case[0], case[1:]) for case in MEANT.values()], ids=MEANT)
def test_a_wrong_word_is_answered_with_what_was_meant(call, tmp_path, asked, named):
    code, out, err = call(*last(asked))
    is_one_sentence(err, *named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


def test_what_is_like_nothing_is_not_guessed():
    assert near("xyzzy", SHIPPED) == near("", SHIPPED) == ""
    assert near("a" * 100_000, SHIPPED) == ""


BASED = '[sheet]\ntitle = "mine"\nbased_on = "sst"\n'
ROW = '{ value = 9.0, unit = "nS", status = "fitted", source = "me", note = "tried" }'


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{BASED}[Pyr]\nleek = {ROW}\n", "leek (did you mean leak?)"),
        (f"{BASED}[Pry]\nleak = {ROW}\n", "[Pry] (did you mean Pyr?)"),
        (f"{BASED}[Pyr]\nleak = {ROW.replace('fitted', 'fited')}\n", "(did you mean fitted?)"),
        (f"{BASED}[Pyr]\nleak = {ROW.replace('unit', 'units')}\n", "'units' (did you mean unit?)"),
        (BASED.replace("sst", "stt"), "(did you mean sst?)"),
    ],
)
def test_a_wrong_word_in_a_sheet_is_answered_too(call, tmp_path, text, meant):
    (tmp_path / "mine.toml").write_text(text)
    code, out, err = call("run", "acute", "--list", "--sheet", "mine.toml")
    is_one_sentence(err, "mine.toml", meant)
    assert (code, out) == (USAGE, "")


# One name for the same number


def test_every_number_that_is_printed_can_be_pasted_where_its_sheet_is_in_use():
    for name in shipped():
        source = sheet(name)
        used = (name,) if name in (*CIRCUITS, "prior") else (CIRCUIT,)
        numbers = [f"{section}.{row}" for section, rows in source.own_rows.items() for row in rows]
        printed = [f"{name}.{number}=1" for number in numbers]
        if name in ("measured", "patients", "recordings", "salts", "trials"):
            with pytest.raises(SheetError, match="no run reads"):
                parse_overrides(printed, used)
            continue
        called = "circuit" if used == (name,) else name
        assert parse_overrides(printed, used) == tuple(
            sorted((f"{called}.{number}", 1.0) for number in numbers)
        )


def test_a_number_of_a_sheet_that_the_one_in_use_is_based_on_is_the_same_number(call, tmp_path):
    (tmp_path / "mine.toml").write_text(f"{BASED}[Pyr]\nleak = {ROW}\n")
    for sheet_name in ("sst", "mine", "circuit"):
        words_ = ("--sheet", "mine.toml", "--set", f"{sheet_name}.PV.leak=9")
        code, out, _ = call("run", "acute", "--list", "--seeds", 1, *words_)
        assert (code, out) == (
            0,
            call(
                "run", "acute", "--list", "--seeds", 1, "--sheet", "mine.toml", "--set", "circuit.PV.leak=9"
            )[1],
        )


@pytest.mark.parametrize("sheets", [("point",), ("dendritic", "point")])
def test_a_number_of_another_sheet_is_refused_with_what_to_do(call, sheets):
    asked = [word for name in sheets for word in ("--sheet", name)]
    code, _, err = call(*RUN, *asked, "--set", "dendritic.Pyr.leak=9")
    is_one_sentence(
        err, "dendritic.Pyr.leak", "sheet point is used", "circuit.Pyr.leak", "--sheet dendritic"
    )
    assert code == USAGE


# Given twice


def options_of_one_value():
    for name, made in command.cli.commands.items():
        for option in made.params:
            if option.param_type_name == "option" and not option.multiple and not option.is_eager:
                yield pytest.param(name, option, id=f"{name} {option.opts[0]}")


@pytest.mark.parametrize(("name", "option"), list(options_of_one_value()))
def test_an_option_that_takes_one_value_is_refused_when_it_is_given_twice(call, name, option):
    twice = [option.opts[0], *([] if option.is_flag else ["1"])] * 2
    code, out, err = call(name, *twice)
    is_one_sentence(err, option.opts[0], "given 2 times")
    assert (code, out) == (USAGE, "")


TWICE = {
    "sheet": (*RUN, "--sheet", "sst", "--sheet", "sst"),
    "number": (*RUN, "--set", "circuit.Pyr.leak=1", "--set", "circuit.Pyr.leak=2"),
    "number by two names": (*RUN, "--set", "circuit.Pyr.leak=1", "--set", f"{CIRCUIT}.Pyr.leak=2"),
    "inhibitor": (*RUN, "--inhibit", "anti_bdnf", "--inhibit", "anti_bdnf=2@0h"),
    "manipulation": (*RUN, "--manipulate", "ampa=0.5@Pyr->SST", "--manipulate", "ampa=0.7@Pyr->SST"),
    "time": (*RAT, "10min, 10min"),
    "number of an exposure": (
        *RAT,
        "1h",
        "--set",
        "routes.rat/ip.swallowed_absorption=1",
        "--set",
        "routes.rat/ip.swallowed_absorption=2",
    ),
    "option of sbatch": (*RUN, "--cluster", "slurm", "--sbatch=--qos=a", "--sbatch=--qos=b"),
    "population": ("calibrate", "sst", "--out", "x.toml", "--free", "Pyr,Pyr"),
    "developmental change": ("calibrate", "sst", "--out", "x.toml", *("--manipulate", "silence@PV") * 2),
}


@pytest.mark.parametrize("asked", TWICE.values(), ids=TWICE)
def test_what_is_given_twice_under_a_repeatable_option_is_refused(call, tmp_path, asked):
    code, out, err = call(*asked)
    assert "twice" in err or "2 times" in err
    is_one_sentence(err)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


def test_what_only_looks_alike_is_taken(call):
    for asked in (
        ("--inhibit", "anti_bdnf@0h", "--inhibit", "anti_bdnf@5h"),
        ("--manipulate", "ampa=0.5@Pyr->SST", "--manipulate", "ampa=0.5@Pyr->PV"),
        ("--sheet", "sst", "--sheet", "point"),
    ):
        assert call(*RUN, "--seeds", 1, *asked)[0] == 0


def test_no_command_is_made_past_the_check():
    assert all(isinstance(made, words.Command) for made in command.cli.commands.values())
