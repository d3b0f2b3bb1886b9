"""The reference of the library: every public name with its signature and what its docstring says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import prelimbic as pl

HEAD = """# The library

`import prelimbic as pl` gives the names below, and no others. Written from their docstrings: what goes
in, in which units, what comes back, with its dimensions, and which errors are raised. Constants of the
model are in [the sheets](sheets.md), each with its source.

Every error is one of two kinds: [UsageError](#usageerror), what was asked cannot be, or
[RunError](#runerror), the machine, a file or a simulation failed. `help(pl.Scenario)` prints the same.

"""
GROUPS = {
    "Ask": ("Scenario", "simulate", "sweep", "plot", "load"),
    "A drug without a circuit": ("exposure", "population"),
    "What there is": ("numbers", "claims", "studies", "protocols"),
    "What a scenario is made of": ("Dose", "Bath", "Inhibition", "Hypotheses", "Protocol", "Numerics"),
}


def page() -> str:
    """The whole page."""
    grouped = {name for names in GROUPS.values() for name in names}
    rest = [name for name in pl.__all__ if name not in grouped]
    groups = {
        **GROUPS,
        "Further names": tuple(n for n in rest if not n.endswith(("Error", "Warning"))),
        "Errors": tuple(n for n in rest if n.endswith("Error")),
        "Warnings": tuple(n for n in rest if n.endswith("Warning")),
    }
    parts = [HEAD]
    for title, names in groups.items():
        if names:
            parts += [f"## {title}\n", *map(_entry, names)]
    return "\n".join(parts)


def _entry(name: str) -> str:
    found = getattr(pl, name)
    parts = [f"### {name}\n", f"From `{found.__module__}`.\n"]
    if not (inspect.isclass(found) and issubclass(found, Exception)):
        parts.append(f"```python\n{_signature(name, found)}\n```\n")
    parts.append(_prose(inspect.getdoc(found) or ""))
    parts += [_method(name, method, value) for method, value in _methods(found)]
    if found in (pl.UsageError, pl.RunError):
        parts.append(_kinds(found))
    return "\n".join(parts)


def _signature(name: str, found: Any) -> str:
    """pl.name(…), an argument a line where there are many; annotations as they are written."""
    signature = inspect.signature(found)
    words = [_argument(parameter) for parameter in signature.parameters.values()]
    keyword = [p.kind is inspect.Parameter.KEYWORD_ONLY for p in signature.parameters.values()]
    if any(keyword) and not any(
        p.kind is inspect.Parameter.VAR_POSITIONAL for p in signature.parameters.values()
    ):
        words.insert(keyword.index(True), "*")
    back = "" if inspect.isclass(found) else f" -> {_bare(signature.return_annotation)}"
    flat = f"pl.{name}({', '.join(words)}){back}"
    return (
        flat if len(flat) < 80 else "\n    ".join([f"pl.{name}(", *(f"{w}," for w in words)]) + f"\n){back}"
    )


def _argument(parameter: inspect.Parameter) -> str:
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(
        parameter.kind, ""
    )
    text = f"{star}{parameter.name}: {_bare(parameter.annotation)}"
    if parameter.default is inspect.Parameter.empty:
        return text
    default = repr(parameter.default)
    if len(default) > 30:
        default = f"{type(parameter.default).__name__}()"
    return f"{text} = {default}"


def _bare(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _prose(text: str) -> str:
    """A docstring as paragraphs; what is raised or returned begins a paragraph of its own."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    told = "\n\n".join(paragraphs)
    told = re.sub(r"(?<=[.;]) +(?=(?:Raises|Returns|Warns with|Columns:)\b)", "\n\n", told)
    told = re.sub(r"\b(Raises|Returns|Warns with|Columns:)", r"**\1**", told)
    return re.sub(r"(?<![`\w])(\{[^}]*\})", r"`\1`", told) + "\n"


def _methods(found: Any) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class that say what they are."""
    if inspect.isclass(found) and not issubclass(found, Exception):
        for name, value in vars(found).items():
            told = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if not name.startswith("_") and inspect.isfunction(told) and told.__doc__:
                yield name, value


def _method(owner: str, name: str, value: Any) -> str:
    plain = isinstance(value, property)
    shown = f"{owner}.{name}" if plain else _signature(f"{owner}.{name}", getattr(value, "__func__", value))
    shown = shown.removeprefix("pl.").replace("(self: _empty, ", "(").replace("(self: _empty)", "()")
    said = inspect.getdoc(value) or ""
    return (
        f"`{shown}`\n: {' '.join(said.split())}\n"
        if "\n" not in shown
        else f"`{owner}.{name}(…)`\n: {' '.join(said.split())}\n"
    )


def _kinds(found: type) -> str:
    """Errors of this kind, with what they say."""
    rows = sorted((kind.__name__, " ".join((kind.__doc__ or "").split())) for kind in _below(found))
    return (
        "\n".join(["| kind | is |", "|---|---|", *(f"| `{name}` | {said} |" for name, said in rows)]) + "\n"
    )


def _below(found: type) -> set[type]:
    import prelimbic.experiments.cli.command
    import prelimbic.experiments.studies.registry  # noqa: F401  (they import where errors are)

    every = {k for k in found.__subclasses__() if k.__module__.startswith("prelimbic.")}
    return every.union(*(_below(kind) for kind in every))
