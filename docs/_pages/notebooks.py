"""Notebooks as pages: their text and code, to be read; the files themselves to be run."""

from __future__ import annotations

import json
from pathlib import Path

HEAD = """# Notebooks

Each asks one question, in small, and is run by the tests. They stand in `notebooks/` as `.ipynb` and,
paired by jupytext, as `.py` of the same cells. Jupyter is not installed with the package: `pip install
jupyterlab`, and for the pairs `pip install jupytext`.

"""
ORDER = (
    "first_look",
    "dose_to_synapse",
    "spikes_and_spectra",
    "own_question",
    "scoreboard",
    "adding_a_drug",
)


def pages(folder: Path) -> dict[str, str]:
    """A page for every notebook, and one that lists them."""
    there = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    names = [*(name for name in ORDER if name in there), *(name for name in there if name not in ORDER)]
    found = {f"notebooks/{name}": _page(there[name]) for name in names}
    rows = [
        f"* [{_title(found[f'notebooks/{name}'])}](notebooks/{name}.md) (`notebooks/{name}.ipynb`)"
        for name in names
    ]
    listed = "\n".join(f"notebooks/{name}" for name in names)
    toctree = f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return found | {"notebooks": HEAD + "\n".join(rows) + toctree}


def _title(page: str) -> str:
    return page.partition("\n")[0].removeprefix("# ")


def _page(path: Path) -> str:
    """Cells one after the other; code of a cell as a block."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"]).strip()
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    told = f"*This page is `notebooks/{path.name}`; run it to see what it shows.*"
    return "\n\n".join([parts[0], told, *parts[1:]]) + "\n"
