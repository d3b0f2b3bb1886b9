"""The gallery: every study's figure with the command that makes it, and of which version it is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from prelimbic.experiments.studies.registry import all_studies, find_study

HEAD = """# Gallery

Every study with its question, its figure, the command that makes it, and the version of the program and
the circuit that the figure here is of. A command draws into its folder of results; with `--seeds 1
--scale 0.5` it is a sketch in a fraction of the time. Where a version is older than the program, numbers
would be others today; the page that shows it says how.

"""


def page(listed: Path) -> str:
    """The page, from a file of figures (docs/figures.toml)."""
    figures: list[dict[str, Any]] = tomllib.loads(listed.read_text(encoding="utf-8"))["figure"]
    parts = [HEAD]
    for study in all_studies():
        parts.append(f"## {study}\n\n{find_study(study).question}\n")
        own = [figure for figure in figures if figure["study"] == study]
        parts += map(_figure, own)
        if not own:
            parts.append(f"No figure of it is kept; `prelimbic run {study}` draws one.\n")
    parts.append("## A question of your own\n")
    parts += [_figure(figure) for figure in figures if figure["study"] == "ask"]
    return "\n".join(parts)


def _figure(figure: dict[str, Any]) -> str:
    sheet = f", circuit `{figure['sheet']}`" if figure.get("sheet") else ""
    told = f"Version {figure['version']}{sheet}; told in [{figure['page']}](../{figure['page']})."
    image = f"![{figure['shows']}](../{figure['file']})"
    return f"{image}\n\n```text\n{figure['command']}\n```\n\n{figure['shows']}. {told}\n"
