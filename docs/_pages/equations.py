"""The page of equations, from the texts that become the program: each line as mathematics, in MathML."""

from __future__ import annotations

import ast
import inspect
import re
from html import escape

from prelimbic.circuits import methods_text

HEAD = """# Equations

Written from the code. Each equation of the circuit below is a line of the text that becomes the program,
so that what is printed is what runs. Their numbers are in [the sheets](sheets.md); how they are
integrated is in [engine.md](../engine.md). `prelimbic equations` prints the same as text, for a methods
section.

"""
OPERATORS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "⁢", ast.Lt: "&lt;", ast.Gt: "&gt;"}
GREEK = {"tau": "τ"}


def page() -> str:
    """The whole page: circuit, binding, cascade, spines."""
    from prelimbic.pharmacology import trapping
    from prelimbic.plasticity import kernel, spines

    parts = [
        HEAD,
        "## The circuit\n\nDefault circuit, with dendrites. K is an assembly of NMDA receptors, T the"
        " population of a target.\n",
    ]
    parts += map(_section, methods_text(True).split("\n\n"))
    parts += [
        _docstring(
            "Block by trapping",
            trapping,
            "Of the option `--selectivity use_dependent`; by default a Hill curve at equilibrium.",
        )
    ]
    parts += [_docstring("The cascade, from AMPA drive to spine formation", kernel, "")]
    parts += [_docstring("Spines", spines, "")]
    return "\n".join(parts)


def _docstring(title: str, module: object, note: str) -> str:
    text = inspect.getdoc(module) or ""
    return f"## {title}\n\n{note}\n\n```text\n{text}\n```\n"


def _section(block: str) -> str:
    """One block of the methods text: its title, its equations, and the same as text."""
    first, *lines = block.split("\n")
    if re.match(r"^\w+ (=|\+=|-=)|^d\w+/dt", first):  # a block without a title goes on with the one before
        title, lines = "", [first, *lines]
    else:
        short = re.split(r",| \(", first)[0]
        title = f"### {short}\n\n" + (f"{first}.\n\n" if first != short else "")
    joined: list[str] = []
    for line in lines:
        if line.startswith(" "):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    shown = "\n".join(f'<math display="block">{_line(line)}</math>' for line in joined)
    return f'{title}```{{raw}} html\n<div class="equations">\n{shown}\n</div>\n```\n'


def _line(line: str) -> str:
    """MathML of one line: a definition with its unit, a change at an event, or a condition."""
    text, _, unit = line.partition(" : ")
    unit, _, said = unit.partition(" (")
    shown = _text(f"  {said.rstrip(')')}") if said else ""
    if found := re.match(r"^d(\w+)/dt = (.*)$", text):
        left = f"<mfrac><mrow><mi>d</mi>{_name(found[1])}</mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"
        return f"<mrow>{left}<mo>=</mo>{_parsed(found[2])}{shown}</mrow>"
    if found := re.match(r"^(\w+) (=|\+=|-=) (.*)$", text):
        sign = "=" if unit else {"=": "←", "+=": "+=", "-=": "−="}[found[2]]
        return f"<mrow>{_name(found[1])}<mo>{sign}</mo>{_parsed(found[3])}{shown}</mrow>"
    return f"<mrow>{_parsed(text)}</mrow>"


def _parsed(text: str) -> str:
    if found := re.match(r"^sum over (\w+) of (\w+)$", text):
        return f"<munder><mo>∑</mo><mi>{found[1]}</mi></munder>{_name(found[2])}"
    return _shown(ast.parse(text, mode="eval").body)


def _text(text: str) -> str:
    return f"<mtext>{escape(text)}</mtext>".replace("  ", "&#8195;")


def _name(name: str) -> str:
    """A name with what follows its first underscore as an index."""
    head, _, index = name.partition("_")
    head = GREEK.get(head, head)
    if not index:
        return f"<mi>{escape(head)}</mi>"
    below = ", ".join(index.split("_"))
    return f"<msub><mi>{escape(head)}</mi><mtext>{escape(below)}</mtext></msub>"


def _shown(node: ast.expr, tight: bool = False, raised: bool = False) -> str:
    """MathML of an expression; `tight` puts a sum into brackets, `raised` keeps a fraction on one line."""
    if isinstance(node, ast.Name):
        return _name(node.id)
    if isinstance(node, ast.Constant):
        return f"<mn>{node.value}</mn>"
    if isinstance(node, ast.UnaryOp):
        return f"<mrow><mo>−</mo>{_shown(node.operand, True, raised)}</mrow>"
    if isinstance(node, ast.Compare):
        sign = OPERATORS[type(node.ops[0])]
        return f"<mrow>{_shown(node.left)}<mo>{sign}</mo>{_shown(node.comparators[0])}</mrow>"
    if isinstance(node, ast.Call):
        return _called(node)
    assert isinstance(node, ast.BinOp), ast.dump(node)
    if isinstance(node.op, ast.Div) and raised:
        return f"<mrow>{_shown(node.left, True, True)}<mo>/</mo>{_shown(node.right, True, True)}</mrow>"
    if isinstance(node.op, ast.Div):
        return f"<mfrac><mrow>{_shown(node.left)}</mrow><mrow>{_shown(node.right)}</mrow></mfrac>"
    product = isinstance(node.op, ast.Mult)
    left = _shown(node.left, product, raised)
    right = _shown(node.right, product or isinstance(node.op, ast.Sub), raised)
    space = '<mspace width="0.17em"/>' if product else ""
    inner = f"{left}<mo>{OPERATORS[type(node.op)]}</mo>{space}{right}"
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>" if tight and not product else f"<mrow>{inner}</mrow>"


def _called(node: ast.Call) -> str:
    """exp as a power of e; int of a condition as 1 where it holds."""
    (argument,) = node.args
    function = node.func.id if isinstance(node.func, ast.Name) else ""
    if function == "exp":
        return f"<msup><mi>e</mi><mrow>{_shown(argument, raised=True)}</mrow></msup>"
    assert function == "int", function
    return f"<mrow><mo>[</mo>{_shown(argument)}<mo>]</mo></mrow>"
