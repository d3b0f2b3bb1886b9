"""The pages of docs/ and the README, read as a newcomer runs them: their blocks of code, in order."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.name: path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
PLAIN = ("text", "")  # output, a grammar, a layout of folders
# Written as data for a program, and read as such.
DATA = ("toml", "json", "bibtex")
DIRECTIVE = re.compile(r"^\{\w+\}")
FIRST = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?([\w./-]+)(?: |$)")
COMMANDS = (
    "prelimbic",
    "python",
    "python3",
    "pip",
    "source",
    "apt",
    "apt-get",
    "sphinx-build",
    "jupyter",
    "pytest",
)
COMPUTES = ("run", "ask", "claims", "calibrate", "trial", "surrogate")
QUICK = ("exposure", "numbers", "number", "studies", "protocols", "switches", "equations")
QUICK += ("trials", "measures", "completion", "doctor")
READ = ("status", "verify", "inspect")  # a folder of results
MADE_OF = ("report", "compare", "export", "statements")  # of results; tests of their own run them
ONLY_TELLS = ("--list", "--plan", "--write", "--help")


@dataclass(frozen=True)
class Block:
    """A block of code: where it stands, its language as it is written, and its text."""

    page: str
    line: int
    language: str
    text: str

    @property
    def kind(self) -> str:
        """python, session (of Python with what it prints), shell, shown (a command and what it prints),
        data, plain, or other, a language that nothing here runs.
        """
        first = self.text.lstrip().partition("\n")[0]
        if self.language in ("python", "py") or first.startswith(("import prelimbic", "from prelimbic")):
            return "python"
        if first.startswith(">>> "):
            return "session"
        if first.startswith("$ "):
            return "shown"
        if self.language in ("bash", "sh", "shell", "console") or self.commands():
            return "shell"
        if self.language in DATA:
            return "data"
        return "plain" if self.language in PLAIN or DIRECTIVE.match(self.language) else "other"

    def commands(self) -> list[str]:
        """Its lines, if all are commands; joined where they go on; without what is said of them."""
        lines = [line for line in self.text.replace("\\\n", " ").split("\n") if line.strip()]
        lines = [line for line in lines if not line.startswith("#")]
        found = [FIRST.match(line) for line in lines]
        known = all(match and Path(match[1]).name in COMMANDS for match in found)
        return [re.sub(r"\s+#.*$", "", line) for line in lines] if lines and known else []

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Line:
    """A command of a page, as its words."""

    block: Block
    words: tuple[str, ...]

    @property
    def ours(self) -> bool:
        return self.words[0] == "prelimbic"

    @property
    def computes(self) -> bool:
        """Whether it simulates as it stands."""
        only = {word.partition("=")[0] for word in self.words} & {*ONLY_TELLS}
        if self.words[1] == "claims":
            return "--run" in self.words
        return self.words[1] in COMPUTES and not only

    def __str__(self) -> str:
        return f"{self.block.page}:{self.block.line}: {shlex.join(self.words)}"


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """The blocks of a page."""
    tokens = MarkdownIt("commonmark").enable("table").parse(PAGES[page].read_text(encoding="utf-8"))
    return tuple(
        Block(page, token.map[0] + 1, token.info.split()[0] if token.info.strip() else "", token.content)
        for token in tokens
        if token.type in ("fence", "code_block") and token.map
    )


@cache
def lines(page: str) -> tuple[Line, ...]:
    """The commands of a page, in order."""
    return tuple(
        Line(block, tuple(shlex.split(line)))
        for block in blocks(page)
        if block.kind == "shell"
        for line in block.commands()
    )
