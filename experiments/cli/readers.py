"""Which functions of the model read a field of a record, from their source: annotations say what a name is,
so that `p.leak` counts for a population and `self.rest` of something else does not.

Nothing is imported or run, and nothing listed by hand: a reader that is written tomorrow is found tomorrow.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("pharmacology", "circuits", "plasticity", "simulation", "patients")
ASKERS = (*ROOMS, "experiments")  # who may ask for a recorded quantity
RECORDED = ("recorded", "recording")  # what reads the sheet of recordings, by name
Bag = frozenset[str]
NOTHING: Bag = frozenset()


@dataclass(frozen=True, order=True)
class Reader:
    """A function, with the file it stands in (as `circuits/describe.py`)."""

    file: str
    function: str

    def __str__(self) -> str:
        return f"{self.file}: {self.function}"


@dataclass
class _Known:
    """What annotations say: classes with what their attributes hold, what functions return, and what those
    that are given a function give it.  A bag is the names of classes that a value is, or holds.
    """

    classes: dict[str, dict[str, Bag]] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    returns: dict[str, Bag] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    passes: dict[str, Bag] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    properties: set[tuple[str, str]] = field(default_factory=set)

    def of(self, name: str, attribute: str) -> Bag:
        """What an attribute of a class, or of one it inherits from, holds."""
        own = self.classes.get(name, {}).get(attribute, NOTHING)
        return own.union(*(self.of(base, attribute) for base in self.bases.get(name, []) if base != name))

    def annotated(self, annotation: ast.expr | None) -> Bag:
        """Names of known classes in an annotation."""
        if annotation is None:
            return NOTHING
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = ast.parse(annotation.value, mode="eval").body
        return frozenset(
            n.id for n in ast.walk(annotation) if isinstance(n, ast.Name) and n.id in self.classes
        )


def readers(record: str, name: str) -> list[Reader]:
    """Functions of the model that read a field of a record, through properties where it has such."""
    return sorted(_through(record, name, set()))


def askers(name: str) -> list[Reader]:
    """Functions that ask for a recorded quantity by name."""
    found = set()
    for file, tree in _sources(ASKERS):
        for where, _, function in _functions(tree):
            calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
            given = [a for call in calls if ast.unparse(call.func) in RECORDED for a in call.args]
            if any(isinstance(a, ast.Constant) and a.value == name for a in given):
                found.add(Reader(file, where))
    return sorted(found)


def _through(owner: str, name: str, seen: set[tuple[str, str]]) -> set[Reader]:
    if (owner, name) in seen:
        return set()
    seen.add((owner, name))
    known, reads = _scanned()
    found = set()
    for reader in reads[owner, name]:
        head, _, tail = reader.function.rpartition(".")
        if (head, tail) in known.properties:
            found |= _through(head, tail, seen)
        elif reader.file.partition("/")[0] in ROOMS or not head:  # a method of a record only checks it
            found.add(reader)
    return found


@cache
def _scanned() -> tuple[_Known, dict[tuple[str, str], set[Reader]]]:
    """What annotations say, and every read of an attribute, by class and attribute."""
    known, trees = _Known(), list(_sources(("parameters", *ROOMS)))
    for _, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                known.classes.setdefault(node.name, {})
                known.bases[node.name] = [b.id for b in node.bases if isinstance(b, ast.Name)]
    for _, tree in trees:
        _declare(known, tree)
    reads: dict[tuple[str, str], set[Reader]] = defaultdict(set)
    own = {file: _texts(tree) for file, tree in trees}
    texts = {
        file: own[file].union(*(own[other] for other in _tables(tree) if other in own))
        for file, tree in trees
    }
    for _ in range(2):  # the second time uses what the first found of attributes that methods set
        for file, tree in trees:
            for where, owner, function in _functions(tree):
                _Body(known, owner, texts[file], reads, Reader(file, where)).read(function)
    return known, reads


def _texts(tree: ast.Module) -> set[str]:
    """All that a module has as text."""
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _tables(tree: ast.Module) -> Iterator[str]:
    """Files of modules from which a module takes a table, which has its name in capitals."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(name.name.isupper() for name in node.names):
            yield f"{str(node.module).removeprefix('prelimbic.').replace('.', '/')}.py"


def _sources(rooms: Iterable[str]) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        yield from _room(room)


@cache
def _room(room: str) -> tuple[tuple[str, ast.Module], ...]:
    """Every module of a room, with its file as it is told."""
    spec = find_spec(f"prelimbic.{room}")
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    return tuple(
        (f"{room}/{path.relative_to(folder).as_posix()}", ast.parse(path.read_text(encoding="utf-8")))
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    )


def _functions(tree: ast.Module) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """Functions and methods, with the name as it is called and the class."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, "", node
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    yield f"{node.name}.{part.name}", node.name, part


def _declare(known: _Known, tree: ast.Module) -> None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                    known.classes[node.name][part.target.id] = known.annotated(part.annotation)
    for _, owner, function in _functions(tree):
        if not owner:
            known.returns[function.name] |= known.annotated(function.returns)
            for argument in function.args.args:
                if argument.annotation is not None and "Callable" in ast.unparse(argument.annotation):
                    known.passes[function.name] |= known.annotated(argument.annotation)
            continue
        known.classes[owner][function.name] = known.annotated(function.returns)
        marks = {m.id for m in function.decorator_list if isinstance(m, ast.Name)}
        if marks & {"property", "cached_property"}:
            known.properties.add((owner, function.name))


class _Body(ast.NodeVisitor):
    """One function: what its names hold, and what it reads of them."""

    def __init__(
        self,
        known: _Known,
        owner: str,
        texts: set[str],
        reads: dict[tuple[str, str], set[Reader]],
        reader: Reader,
    ):
        self._known, self._owner, self._texts, self._reads, self._reader = known, owner, texts, reads, reader
        self._names: dict[str, Bag] = defaultdict(lambda: NOTHING)

    def read(self, function: ast.FunctionDef) -> None:
        self._arguments(function.args, self._owner)
        for statement in function.body:
            self.visit(statement)

    def _arguments(self, asked: ast.arguments, owner: str = "") -> None:
        every = [*asked.posonlyargs, *asked.args, *asked.kwonlyargs, asked.vararg, asked.kwarg]
        for k, argument in enumerate(a for a in every if a is not None):
            own = frozenset({owner} if owner and k == 0 and argument.arg in ("self", "cls") else ())
            self._names[argument.arg] |= own | self._known.annotated(argument.annotation)

    def visit_Name(self, node: ast.Name) -> None:
        """It has no parts."""

    def visit_Constant(self, node: ast.Constant) -> None:
        """Nor has this."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._arguments(node.args)
        self._names[node.name] |= self._known.annotated(node.returns)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._bind(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._hold(node.target, self._known.annotated(node.annotation) | self._bag(node.value))
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._hold(node.target, self._bag(node.value))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._hold(node.target, self._bag(node.iter))
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._hold(node.target, self._bag(node.iter))
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        for part in getattr(node, "generators", ()):  # what it goes through comes first
            self.visit(part)
        super().generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._note(node.value, [node.attr])
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            if node.func.id == "getattr":
                self._note(node.args[0], node.args[1])
            for taken in (part.args.args for part in node.args if isinstance(part, ast.Lambda)):
                for argument in taken:
                    self._names[argument.arg] |= self._known.passes[node.func.id]
        self.generic_visit(node)

    def _note(self, value: ast.expr, asked: list[str] | ast.expr) -> None:
        for owner in self._bag(value):
            names = asked if isinstance(asked, list) else self._asked(asked, owner)
            for name in names:
                self._reads[owner, name].add(self._reader)

    def _asked(self, name: ast.expr, owner: str) -> list[str]:
        """Attributes that a computed name may be: by its pattern, or what the module has as text."""
        every = self._known.classes[owner]
        if isinstance(name, ast.JoinedStr):
            parts = (re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".*" for v in name.values)
            whole = re.compile("".join(parts))
            return [each for each in every if whole.fullmatch(each)]
        texts = {name.value} if isinstance(name, ast.Constant) else self._texts
        return [each for each in every if each in texts]

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        """Part by part where both sides have parts."""
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            for one, other in zip(target.elts, value.elts, strict=True):
                self._hold(one, self._bag(other))
        else:
            self._hold(target, self._bag(value))

    def _hold(self, target: ast.expr, bag: Bag) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] |= bag
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._hold(part, bag)
        elif isinstance(target, ast.Attribute):
            for owner in self._bag(target.value):
                here = self._known.classes[owner]
                here[target.attr] = here.get(target.attr, NOTHING) | bag

    def _bag(self, value: ast.AST | None) -> Bag:
        if isinstance(value, ast.Name):
            return self._names[value.id]
        if isinstance(value, ast.Attribute):
            owners = self._bag(value.value)
            return NOTHING.union(*(self._known.of(owner, value.attr) for owner in owners))
        if isinstance(value, ast.Call):
            return self._called(value)
        if isinstance(value, ast.Subscript):
            return self._bag(value.value)
        if isinstance(value, (ast.Compare, ast.Constant, ast.JoinedStr, ast.Lambda)) or value is None:
            return NOTHING
        for part in getattr(value, "generators", ()):
            self._hold(part.target, self._bag(part.iter))
        return NOTHING.union(*(self._bag(part) for part in ast.iter_child_nodes(value)))

    def _called(self, call: ast.Call) -> Bag:
        """What a function returns; of one that is not the model's, such as zip, what it was given."""
        if isinstance(call.func, ast.Name):
            name = call.func.id
            if name in self._known.classes:
                return frozenset({name})
            if name in self._known.returns:
                return self._known.returns[name]
            if self._names.get(name):
                return self._names[name]
        elif isinstance(call.func, ast.Attribute):
            owners = self._bag(call.func.value)
            if any(call.func.attr in self._known.classes[o] for o in owners):
                return NOTHING.union(*(self._known.of(o, call.func.attr) for o in owners))
            if owners:  # values(), items(), get()
                return owners
            if call.func.attr in self._known.returns:
                return self._known.returns[call.func.attr]
        return NOTHING.union(*(self._bag(part) for part in call.args))
