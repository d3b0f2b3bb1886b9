"""A question as plain data, as a TOML file or study.json holds it: read, every key checked, and written."""

from __future__ import annotations

import json
import os
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from prelimbic.circuits import SCALES
from prelimbic.parameters import CIRCUITS, near
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import shown
from prelimbic.simulation.arms import (
    BODY,
    TEXTS,
    Arm,
    Plain,
    QuestionError,
    as_list,
    as_plain,
    is_number,
    naming,
)
from prelimbic.simulation.given import VEHICLE, bath_in_words, read_given
from prelimbic.simulation.inhibition import inhibition_in_words
from prelimbic.simulation.measures import MEASURED, measures
from prelimbic.simulation.question import Question
from prelimbic.simulation.scenario import SHEET, Scenario, read_names
from prelimbic.simulation.switches import DEFAULTS, SWITCHES
from prelimbic.simulation.times import spells_in_words

DONE = ("species", *BODY, *TEXTS, "switches", "set", *SWITCHES)  # in an arm, or above for all arms
TOP = ("title", "seeds", "scale", "sheet", *DONE, "read", "vary", "arm")
ARMS = ("name", "against", *DONE)
READ = ("times", "measure")
MOST_BYTES = 1 << 20


def read_question(path: str | os.PathLike[str]) -> Question:
    """The question in a TOML file.  Raises QuestionError, and for what cannot be asked the UsageError of its
    kind; all begin with the file.
    """
    where = Path(path)
    return question(table_in(where, "a question", QuestionError), str(where), where.parent)


def table_in(where: Path, what: str, refused: type[UsageError]) -> dict[str, Any]:
    """What stands in a TOML file of a question, or of what else is asked so.  Raises `refused`."""
    try:
        if where.stat().st_size > MOST_BYTES or not where.is_file():
            raise refused(f"{where}: is no file of {what}")
        return tomllib.loads(where.read_text(encoding="utf-8"))
    except UsageError:  # which is a ValueError
        raise
    except FileNotFoundError:
        raise refused(f"{where}: this file does not exist") from None
    except OSError as error:
        raise refused(f"{where}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise refused(f"{where}: is no TOML ({' '.join(str(error).split())})") from None


def question(asked: Mapping[str, Any], where: str = "", folder: Path = Path()) -> Question:
    """The question that plain data say; a sheet's path counts from `folder`.  Raises QuestionError, and for
    what cannot be asked the UsageError of its kind.
    """
    return _Reading(where, folder).question(asked)


class _Reading:
    """Plain data being read; `where` begins every message."""

    def __init__(self, where: str, folder: Path):
        self.where, self.folder = where, folder

    def question(self, asked: Mapping[str, Any]) -> Question:
        self._known(asked, TOP, "")
        tables = asked.get("arm", [{}])
        if not isinstance(tables, list) or not all(isinstance(each, Mapping) for each in tables):
            self._refuse("arm", tables, "tables, each begun by [[arm]]")
        above = self._done(asked, "")
        read, measure = self._read(asked.get("read"))
        vary = self._table(asked.get("vary", {}), "vary")
        usual = {
            name: vary[name][0] for name in ("give", "bath") if vary.get(name)
        }  # after which an arm is called
        arms = tuple(self._arm(each, above, k, len(tables), usual) for k, each in enumerate(tables))
        sheets, scale = self._sheets(asked.get("sheet", ()), vary), asked.get("scale")
        low, high = SCALES
        if scale is not None and not (is_number(scale) and low <= scale <= high):
            self._refuse("scale", scale, f"a number from {low:g} to {high:g}")
        seeds = asked.get("seeds")
        if seeds is not None and (type(seeds) is not int or seeds < 1):
            self._refuse("seeds", seeds, "a whole number, at least 1")
        return Question(
            arms=arms,
            vary={name: self._axis(name, values) for name, values in vary.items()},
            read=read,
            measure=measure,
            title=self._text(asked.get("title", ""), "title"),
            seeds=seeds,
            scale=None if scale is None else float(scale),
            sheets=sheets,
            where=self.where,
        )

    def _arm(self, asked: Mapping[str, Any], above: Plain, k: int, count: int, usual: Plain) -> Arm:
        key = f"arm {k + 1}"
        self._known(asked, ARMS, key)
        own = self._done(asked, key)
        does = above | own
        does |= {"set": above["set"] | own["set"]} if "set" in above and "set" in own else {}
        if "species" not in does:
            self._refuse("species", None, "human, rat or mouse")
        if count > 1 and "name" not in asked:
            self._refuse(f"{key}: name", None, "a text, since there are several arms")
        with naming(self.where):
            called = _called(does | usual)
        name = self._text(asked.get("name", called), f"{key}: name")
        return Arm(name, does, self._text(asked.get("against", ""), f"{key}: against"))

    def _done(self, asked: Mapping[str, Any], key: str) -> Plain:
        """What is done, of the top of a file or of an arm."""
        before = f"{key}: " if key else ""
        switches = self._table(asked.get("switches", {}), f"{before}switches")
        self._known(switches, tuple(SWITCHES), f"{before}switches")
        direct = {name: asked[name] for name in SWITCHES if name in asked}
        if twice := {*switches} & {*direct}:
            raise self._error(f"{before}{min(twice)} stands twice, once among switches")
        found: Plain = {
            name: self._text(value, f"{before}{name}") for name, value in (switches | direct).items()
        }
        found |= {name: self._texts(asked[name], f"{before}{name}") for name in TEXTS if name in asked}
        found |= {name: asked[name] for name in ("species", *BODY) if name in asked}
        if "set" in asked:
            numbers = self._table(asked["set"], f"{before}set")
            for name, value in numbers.items():
                if not is_number(value):
                    self._refuse(f"{before}set.{name}", value, "a number")
            found["set"] = {name: float(value) for name, value in numbers.items()}
        return found

    def _read(self, asked: Any) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Readouts and measures of `read`, a table or times alone."""
        if isinstance(asked, (str, list)):
            asked = {"times": asked}
        table = self._table({} if asked is None else asked, "read")
        self._known(table, READ, "read")
        names = tuple(self._texts(table["measure"], "read.measure")) if "measure" in table else MEASURED
        with naming(self.where):
            measures(names)
            times = read_names(self._texts(table["times"], "read.times")) if "times" in table else None
        if times == () or not names:
            raise self._error("read: names nothing; leave it out, or name times such as 24h")
        return times, names

    def _sheets(self, asked: Any, vary: dict[str, Any]) -> tuple[str, ...]:
        """Circuit sheets, one or several, of `sheet` or of that axis of `vary`."""
        if asked and "sheet" in vary:
            raise self._error("sheet stands twice, once in vary")
        names = self._texts(vary.pop("sheet", asked), "sheet")
        return tuple(
            str(self.folder / n) if (self.folder / n).is_file() and n not in CIRCUITS else n for n in names
        )

    def _axis(self, name: str, values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list) or not values:
            self._refuse(f"vary.{name}", values, "a list of values")
        return tuple(map(as_plain, values))

    def _texts(self, value: Any, key: str) -> list[str]:
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, (list, tuple)) or not all(isinstance(each, str) for each in several):
            self._refuse(key, value, "a text or a list of texts")
        return [each for each in several if each.strip()]

    def _text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or (value and not value.isprintable()):
            self._refuse(key, value, "a text of one line")
        return str(value)

    def _table(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self._refuse(key, value, "a table")
        if not key.endswith(("set", "vary")):
            return dict(value)
        flat = _flat(value)
        if twice := [name for name, times in Counter(name for name, _ in flat).items() if times > 1]:
            raise self._error(f"{key} has {twice[0]} twice")
        return dict(flat)

    def _known(self, asked: Mapping[str, Any], names: Collection[str], key: str) -> None:
        for name in asked:
            if name not in names:
                inside = f"{key}: " if key else ""
                like = near(name, names)
                raise self._error(f"{inside}unknown key {name!r}{like}; there are {', '.join(names)}")

    def _refuse(self, key: str, value: Any, must: str) -> None:
        told = "missing" if value is None else shown(value)
        raise self._error(f"{key} is {told} but must be {must}")

    def _error(self, message: str) -> QuestionError:
        return QuestionError(f"{self.where}: {message}" if self.where else message)


def question_in(attributes: Mapping[Any, Any]) -> Question:
    """The question that the attributes of a dataset hold.  Raises QuestionError where there is none, as in
    one of a study that ships.
    """
    if "question" not in attributes:
        raise QuestionError("this dataset holds no question of your own; studies that ship are drawn by run")
    return question(json.loads(attributes["question"]))


def as_mapping(asked: Question) -> dict[str, Any]:
    """The plain data that `question` reads as this question."""
    found: dict[str, Any] = {"title": asked.title} if asked.title else {}
    arms = [dict(arm.does) for arm in asked.arms]
    common = {key: value for key, value in arms[0].items() if all(each.get(key) == value for each in arms)}
    for key in ("species", *BODY, *TEXTS, *SWITCHES):
        if key in common:
            found[key] = _short(common[key])
    found |= {} if not asked.sheets else {"sheet": _short(list(asked.sheets))}
    found |= {key: value for key in ("seeds", "scale") if (value := getattr(asked, key)) is not None}
    found |= {"set": common["set"]} if "set" in common else {}
    named = len(arms) > 1 or asked.arms[0].name != _called(arms[0]) or asked.arms[0].against
    if asked.read is not None or asked.measure != MEASURED:
        found["read"] = {"times": list(asked.read)} if asked.read is not None else {}
        found["read"] |= {"measure": list(asked.measure)} if asked.measure != MEASURED else {}
    if asked.vary:
        found["vary"] = {name: [_short(v) for v in values] for name, values in asked.vary.items()}
    if named:
        found["arm"] = [
            {"name": arm.name}
            | ({"against": arm.against} if arm.against else {})
            | {key: _short(value) for key, value in does.items() if key not in common}
            for arm, does in zip(asked.arms, arms, strict=True)
        ]
    return found


def as_toml(asked: Question) -> str:
    """The text of a file that `read_question` reads as this question."""
    import tomli_w  # for those who write

    return tomli_w.dumps(as_mapping(asked))


def of_scenarios(scenarios: Mapping[str, Scenario], **more: Any) -> Question:
    """The question whose arms are scenarios, by name; `more` are fields of Question.  Raises QuestionError
    where they are not looked at alike.
    """
    each = list(scenarios.values())
    for name in ("sheet", "scale", "read"):
        if any(getattr(scenario, name) != getattr(each[0], name) for scenario in each):
            raise QuestionError(f"scenarios that are compared have one `{name}`")
    if any(scenario.protocol is not None for scenario in each):
        raise QuestionError(
            "scenarios that are compared have no `protocol`: looks are planned for all of them"
        )
    stressed = any(scenario.stress for scenario in each)
    said = {name: words_of(scenario, stressed) for name, scenario in scenarios.items()}
    arms = tuple(Arm(name or _called(words), words) for name, words in said.items())
    own: dict[str, Any] = {"read": each[0].read, "scale": None if each[0].scale == 1.0 else each[0].scale}
    own |= {"sheets": () if each[0].sheet == SHEET else (each[0].sheet,)}
    return Question(**({"arms": arms} | own | more))


def words_of(scenario: Scenario, stressed: bool) -> Plain:
    """What is done in a scenario, in plain words; where any that is compared is under stress, the baseline
    is healthy unless it is named.
    """
    s = scenario
    found: Plain = {"species": s.species}
    found |= {"give": list(s.said)} if s.said else {}
    said = {word: getattr(s.body, word) for word in BODY if s.give}
    found |= {word: value for word, value in said.items() if value is not None}
    found |= {"inhibit": [inhibition_in_words(item) for item in s.inhibit]} if s.inhibit else {}
    found |= {"manipulate": list(s.manipulate)} if s.manipulate else {}
    found |= {"stress": spells_in_words(s.stress)} if s.stress else {}
    found |= {"bath": bath_in_words(s.bath)} if s.bath else {}
    chosen = {name: getattr(s.hypotheses, name) for name in SWITCHES}
    usual = DEFAULTS | ({"baseline": "healthy"} if stressed else {})
    usual |= {} if s.baseline_named else {"baseline": chosen["baseline"]}
    found |= {name: option for name, option in chosen.items() if option != usual[name]}
    return found | ({"set": dict(s.overrides)} if s.overrides else {})


def _called(does: Plain) -> str:
    """The name of an arm that has none: what is given in it."""
    drugs = [read_given(text).compound for text in as_list(does.get("give"))]
    drugs += [text.split()[0] for text in as_list(does.get("bath"))]
    drugs = [drug for drug in drugs if drug != VEHICLE] or drugs
    return " + ".join(dict.fromkeys(drugs)) or ("stress" if does.get("stress") else "untreated")


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of tables in tables, with points between their names."""
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        inner = _flat(value) if isinstance(value, Mapping) else None
        found += [(name, value)] if inner is None else [(f"{name}.{key}", each) for key, each in inner]
    return found


def _short(value: Any) -> Any:
    """A list of one text as the text."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
