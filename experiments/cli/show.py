"""What the command line shows besides runs: switches, and what a file or folder holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prelimbic.experiments.cli.listed import Listed, show
from prelimbic.parameters import (
    INHIBITORS,
    inhibitor,
    sheet,
    target_of,
)

NO_KEYS = ("provenance", "complete", "magic", "version")  # of a run file's head: told otherwise


def show_studies(as_json: bool) -> None:
    """Print every study that can be used, with its question."""
    from prelimbic.experiments.cli.ends import say
    from prelimbic.experiments.studies.registry import usable_studies

    found = [(study.name, study.question) for study in usable_studies(say)]
    if as_json:
        return show([Listed("studies", "", ("name", "question"), found)], as_json)
    for name, question in found:
        print(f"{name:14} {question}")
    return None


def show_protocols(as_json: bool) -> None:
    """Print every protocol that ships."""
    from prelimbic.experiments.questions.shipped import protocols

    headings = ("name", "title", "arms", "file")
    found = [tuple(map(str, row)) for row in protocols().reset_index()[[*headings]].to_numpy()]
    if as_json:
        return show([Listed("protocols", "", headings, found)], as_json)
    for name, title, _, file in found:
        print(f"{name:24} {title}\n{'':24} {file}")
    return None


def show_switches(as_json: bool) -> None:
    """Print hypothesis switches, manipulations and inhibitors."""
    from prelimbic.circuits import NAMED
    from prelimbic.experiments.sweep.options import as_options, flag
    from prelimbic.simulation.switches import PV_THALAMIC, SWITCHES

    switches = [(flag(name), *pair) for name, options in SWITCHES.items() for pair in options.items()]
    option, meaning = as_options(PV_THALAMIC).split(": ", 1)
    switches.append(("--sheet", option, meaning))
    drugs, source = list[tuple[str, ...]](), sheet("inhibitors")
    for name in INHIBITORS:
        n, note = inhibitor(name, source), source.sections[name]["brain"].note
        drugs.append(
            (name, target_of(name), f"{n.brain:g}, {n.blood:g}", f"{n.onset:g}, {n.offset:g}", note)
        )
    show(
        [
            Listed(
                "switches",
                "switches of `prelimbic run`",
                ("switch", "option", "meaning and source"),
                switches,
            ),
            Listed(
                "manipulations",
                "manipulations for --manipulate; SITE is a projection such as Pyr->SST, recurrent, "
                "background or all",
                ("name", "takes"),
                [(name, usage) for name, (usage, _) in NAMED.items()],
            ),
            Listed(
                "inhibitors",
                "inhibitors for --inhibit NAME[=AMOUNT][@HOURh]; AMOUNT times the usual one",
                ("name", "target", "shut at its peak (brain, blood)", "half-times (h)", "what it is"),
                drugs,
            ),
        ],
        as_json,
    )


def show_path(path: Path, as_json: bool) -> None:
    """Print what a run file, or a study's folder, holds.  Raises StoreError where it is not whole."""
    from prelimbic.experiments.storage.files import StoreError, there
    from prelimbic.experiments.storage.store import check_run, read_config, tree

    if not there(path):
        raise StoreError(f"{path} does not exist")
    if path.is_dir():
        return _show_folder(path, as_json)
    head = check_run(path)
    keys = {key: head[key] for key in sorted(head) if key not in NO_KEYS}
    overridden, variables = (
        read_config(path)["overrides"],
        Listed("variables", "variables", ("name", "dimensions", "unit", "meaning"), list(tree(path))),
    )
    if as_json:
        whole = {"file": str(path), "whole": True} | keys | {"overridden": dict(overridden)}
        whole |= {"provenance": head["provenance"], "variables": variables.plain()}
        print(json.dumps(whole, indent=1, default=str))
        return None
    print(f"{path}: whole")
    for key, value in keys.items():
        print(f"  {key}: {value}")
    for name, value in overridden:
        print(f"  overridden: {name} = {value:g}")
    for key, value in sorted(head["provenance"].items()):
        print(f"  {key}: {value}")
    return show([variables], as_json)


def _show_folder(folder: Path, as_json: bool) -> None:
    from prelimbic.experiments.storage.files import (
        StoreError,
        UnreadableError,
        printable,
        there,
        unreadable,
    )
    from prelimbic.experiments.storage.manifest import earlier_ids, read_manifest, strangers
    from prelimbic.experiments.storage.store import check_run
    from prelimbic.experiments.sweep.watch import along

    manifest = read_manifest(folder)
    told = [printable(text)] if (text := earlier_ids(folder, manifest)) else []
    mine = [run["file"] for run in manifest["runs"]]
    whole, missing, damaged, causes = list[str](), list[str](), dict[str, str](), dict[str, str]()
    for name in along(mine, "reading", "files"):
        try:
            if not there(folder / name):
                missing.append(name)
                told.append(f"missing: {name}")
                continue
            check_run(folder / name)
            whole.append(name)
        except UnreadableError as error:
            causes[name] = error.cause
            told.append(str(error))
        except StoreError as error:
            damaged[name] = str(error)
            told.append(str(error))
    others = list(strangers(folder, mine))
    if as_json:
        found: dict[str, Any] = {"study": manifest["study"], "folder": str(folder), "runs": len(mine)}
        found |= {"whole": whole, "missing": missing, "damaged": damaged, "unreadable": causes}
        print(json.dumps(found | {"others": others}, indent=1))
    else:
        beside = (f", {len(damaged)} damaged" if damaged else "") + (
            f", {len(causes)} not to be read here" if causes else ""
        )
        told.append(
            f"study {manifest['study']}: {len(whole)} of {len(mine)} runs are finished and whole{beside}"
        )
        told += [f"not of this study as last asked: {other}" for other in others]
        print("\n".join(told))
    if causes:
        raise unreadable(folder, causes)
    if damaged:
        them = "it" if len(damaged) == 1 else "them"
        raise StoreError(f"{folder}: {len(damaged)} damaged; the study's command recomputes {them}")
