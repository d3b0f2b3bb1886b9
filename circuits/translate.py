"""From a model's equations to the C++ text of one program: a fused loop over cells, deliveries, resets.

Brian2 parses the equations, checks their units, writes the Euler step and turns every statement into C++;
the loops round them are ours.  In a loop over the cells of one population, what the population shares is
read once.

`python -m prelimbic.circuits.translate` does it in a process of its own, so that Brian2 never enters that of
a user.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prelimbic.circuits.model import ENGINE_EQUATIONS, Model

FUNCTIONS = {
    "exp": "prelimbic::exp",
    "_brian_pow": "std::pow",
    "_clip": "prelimbic::clip",
    "clip": "prelimbic::clip",
    "int_": "int",
    "floor": "std::floor",
}

# Brian2's own variables of a group.
HIDDEN = ("delay", "i", "j", "N", "t", "dt", "t_in_timesteps", "N_incoming", "N_outgoing", "N_pre", "N_post")


@dataclass(frozen=True)
class Statements:
    """C++ lines of one block: before the loop, in it, and the arrays they name (text of a type, name)."""

    scalar: tuple[str, ...]
    vector: tuple[str, ...]
    pointers: tuple[str, ...]


def program_text(model: Model, precision: int) -> str:
    """The whole program, for `precision` 32 or 64 bits.  Raises what Brian2 raises for equations that make
    no sense.
    """
    import brian2

    brian2.prefs.codegen.target = "numpy"  # else Brian2 compiles something to see whether it could
    known = brian2.prefs.core.default_float_dtype
    brian2.prefs.core.default_float_dtype = np.float32 if precision == 32 else np.float64
    try:
        return _Program(model, precision).text()
    finally:
        brian2.prefs.core.default_float_dtype = known


class _Program:
    def __init__(self, model: Model, precision: int):
        import brian2

        self.model, self.precision = model, precision
        self.changed: list[list[str]] = []  # variables of target cells that contacts of each group change
        # Without Brian2's own refractoriness: its clock of the last spike is a double, which would not
        # vectorise.
        equations = model.cells.replace("(unless refractory)", "") + ENGINE_EQUATIONS
        self.cells = brian2.NeuronGroup(
            2, equations, threshold=model.threshold, reset="", method="euler", name="cells", namespace={}
        )
        self.cells.equations.check_units(self.cells, run_namespace={})
        self.synapses = {}
        for contacts in model.contacts:
            synapses = brian2.Synapses(
                self.cells, self.cells, contacts.equations, on_pre=contacts.on_pre, name=contacts.name
            )
            self.synapses[contacts.name] = synapses

    def text(self) -> str:
        model = self.model
        everywhere = (model.cells, model.background)
        elsewhere = (model.motion_elsewhere, model.background_elsewhere)
        body = self._loops("update_0", self._update(*everywhere), model.background, flags=True)
        if model.motion_elsewhere:
            body += self._loops("update_1", self._update(*elsewhere), model.background_elsewhere, flags=True)
        body += self._loops("sample_cells", model.sample, model.sample) if model.sample else []
        body += [self._reset()]
        body += [self._delivery(g, name) for g, name in enumerate(model.groups)]
        parts = [f"typedef {'float' if self.precision == 32 else 'double'} Real;", '#include "engine.h"']
        parts += ["extern prelimbic::Engine engine;", "namespace {"]
        parts += [*self._arrays(), *body, *self._step(), "}", '#include "main.h"']
        return "\n".join(parts) + "\n"

    def _update(self, equations: str, background: str) -> str:
        """Euler step, background and threshold of a cell as Brian2's own statements, but waiting counted in
        steps.

        The background arrives after the Euler step, as spikes do: what is sampled next has both.
        """
        from brian2 import Equations
        from brian2.stateupdaters.base import StateUpdateMethod

        motion = Equations(equations)
        euler = StateUpdateMethod.apply_stateupdater(motion, dict(self.cells.variables), "euler")
        euler = re.sub(r"\bdt\b", "step", euler)
        for name in motion.diff_eq_names:
            if "unless refractory" in motion[name].flags:
                euler = re.sub(
                    rf"^{name} = _{name}$",
                    f"{name} = unless_waiting(waiting, _{name}, {name})",
                    euler,
                    flags=re.M,
                )
        return f"waiting = one_less(waiting)\n{euler}\n{background}\n_cond = {self.model.threshold}\n"

    def _loops(self, name: str, code: str, checked: str, flags: bool = False) -> list[str]:
        """Functions that do `code` for cells first..last-1 of one population, by how many spare parts these
        are without, and a table of them; the units of `checked` are checked.
        """
        found = self._translate(self.cells, code, checked)
        lacking = range(len(self.model.spare) + 1)
        named = [name, *(f"{name}_without_{k}" for k in lacking[1:])]
        loops = [self._loop(named[k], self._without(k, found), flags) for k in lacking]
        return [*loops, f"void (*const {name}_for[])(int, int) = {{{', '.join(named)}}};"]

    def _without(self, lacking: int, found: Statements) -> Statements:
        """The same for cells without so many spare parts: their states are 0, and neither they nor sums of
        them are stored.
        """
        spare = self.model.spare[:lacking]
        states = {name for part in spare for name in part.states}
        kept = states | {name for part in spare for name in part.sums}
        lines = []
        for line in found.vector:
            stored = re.match(r"_ptr_array_cells_(\w+)\[\w+\] = ", line)
            read = re.match(r"(.* = )_ptr_array_cells_(\w+)\[\w+\];$", line)
            if read and read.group(2) in states:
                lines.append(f"{read.group(1)}0;")
            elif not (stored and stored.group(1) in kept):
                lines.append(line)
        return replace(found, vector=tuple(lines))

    def _loop(self, name: str, found: Statements, flags: bool) -> str:
        shared = [line for line in found.vector if self._reads(line, "_idx", self.model.alike)]
        own = [line for line in found.vector if line not in shared]
        lines = [f"void {name}(const int first, const int last) {{", *found.pointers]
        lines += ["int32_t* __restrict fires = engine.fires;"] if flags else []
        lines += [*found.scalar, *(line.replace("[_idx]", "[first]") for line in shared)]
        loop = f"for (int _idx = first; _idx < last; _idx++) {{  // loop {name}"
        lines += ["PRELIMBIC_INDEPENDENT", loop, *own]
        raised = "fires[_idx] = unless_waiting(waiting, Real(_cond), Real(0)) > Real(0.5);"
        lines += [raised] if flags else []
        return "\n".join([*lines, "}", "}"])

    def _reset(self) -> str:
        model = self.model
        code = f"{model.reset}\nwaiting = floor({model.refractory}/step + 1e-3)\n"
        found = self._translate(self.cells, code, code)
        lines = ["void reset(const int32_t* cell, const int count) {", "if (count == 0) return;"]
        lines += [*found.pointers, *found.scalar]
        lines += ["for (int k = 0; k < count; k++) {", "const int _idx = cell[k];", *found.vector]
        return "\n".join([*lines, "}", "}"])

    def _delivery(self, group: int, name: str) -> str:
        """A function that delivers the rows due now; what hangs on sending cell or target population is read
        once a row.
        """
        alike = self.model.alike
        pathway = self.synapses[name].pre
        found = self._translate(pathway, pathway.code, pathway.code)
        inner = [
            line for line in found.vector if not re.match(r"const int32_t _(pre|post)synaptic_idx", line)
        ]
        of_row = [
            line
            for line in inner
            if self._reads(line, "_presynaptic_idx") or self._reads(line, "_postsynaptic_idx", alike)
        ]
        inner = [line for line in inner if line not in of_row]
        proportional, stored = self.model.contacts[group].proportional, f"_ptr_array_{name}_weight"
        if proportional:
            inner = [line.replace(f"{stored}[_idx]", "strength.of[_idx & strength.each]") for line in inner]
        of_row = [line.replace("[_postsynaptic_idx]", "[like]") for line in of_row]
        changes = re.compile(r"_ptr_array_cells_(\w+)\[_postsynaptic_idx\] [-+*/]?=")
        self.changed.append(sorted({text for line in inner for text in changes.findall(line)}))
        pointers = [p for p in found.pointers if "__synaptic_p" not in p]
        lines = [
            f"void deliver_{name}(const int population, const int64_t now) {{",
            f"Rows& rows = engine.rows[{group}];",
            "std::vector<Rows::Spike>& due = rows.due(population, now);",
            "if (due.empty()) return;",
            *pointers,
            *found.scalar,
            "const int32_t* __restrict target = rows.target.data();",
            "const int like = engine.first_cell(population), lacking = engine.lacking[population];",
            "for (size_t r = 0; r < due.size(); r++) {",
            "if (r + AHEAD + AHEAD < due.size()) rows.expect(due[r + AHEAD + AHEAD]);",
            "if (r + AHEAD < due.size()) {",
            "const Rows::Row soon = rows.row(due[r + AHEAD]);",
            *self._asked_for(name, of_row, proportional),
            "}",
            "const Rows::Row row = rows.row(due[r]);",
            "if (row.first == row.last) continue;",
            "const int _presynaptic_idx = row.source;",
            *[f"const Rows::Strengths strength = rows.strengths(due[r], {stored});"][:proportional],
            *self._over_contacts(of_row, replace(found, vector=tuple(inner))),
            "}",
            "due.clear();",
        ]
        return "\n".join([*lines, "}"])

    def _asked_for(self, name: str, of_row: list[str], proportional: bool) -> list[str]:
        """Ask memory for what delivering a row will read, which else waits for it."""
        sending = re.findall(r"= (_ptr_array_cells_\w+)\[_presynaptic_idx\];", "\n".join(of_row))
        own = [f"_ptr_array_{name}_{own}" for own, _ in self._own_variables(name)]
        asked, lines = [f"{array}[soon.source]" for array in sending], []
        asked += [f"target[soon.{end}]" for end in ("first", "last - 1")]
        if proportional:
            lines = [f"const Rows::Strengths strength = rows.strengths(due[r + AHEAD], {own[0]});"]
            asked += ["strength.of[soon.first & strength.each]"]
        else:
            asked += [f"{array}[soon.first]" for array in own]
        return lines + [f"__builtin_prefetch(&{place});" for place in asked]

    def _over_contacts(self, of_row: list[str], found: Statements) -> list[str]:
        """A loop over the contacts of a row, for every number of spare parts that makes it another."""
        lines, loops = [], [self._without(k, found).vector for k in range(len(self.model.spare) + 1)]
        for k in sorted({loops.index(loop) for loop in loops}, reverse=True):
            lines += [f"if (lacking >= {k}) {{" if k else "{", *of_row]
            lines += ["for (int _idx = row.first; _idx < row.last; _idx++) {"]
            lines += ["const int _postsynaptic_idx = target[_idx];", *loops[k], "}", "} else" if k else "}"]
        return lines

    def _arrays(self) -> list[str]:
        """Declarations of all arrays, and the table of those that can be loaded or fetched."""
        lines, rows = ["using namespace prelimbic;", "thread_local double time_now[1];"], []
        proportional = {contacts.name for contacts in self.model.contacts if contacts.proportional}
        groups = [(name, str(k)) for k, name in enumerate(self.model.groups)]
        for owner, extent in (("cells", "CELL"), *groups):
            for name, variable in self._own_variables(owner):
                real = np.issubdtype(variable.dtype, np.floating)
                lines.append(f"{'Real' if real else 'int32_t'}* _array_{owner}_{name};")
                constant = variable.constant or owner != "cells"
                kind = "ALIKE" if name in self.model.alike else "CONSTANT" if constant else "STATE"
                kind = "STRENGTH" if owner in proportional else kind
                where = "ONE" if variable.scalar else extent
                told = f'"{owner}.{name}", {str(real).lower()}, {kind}, {where}'
                rows.append(f"{{{told}, (void**)&_array_{owner}_{name}}},")
        return [*lines, "const std::vector<Array> ARRAYS = {", *rows, "};"]

    def _own_variables(self, owner: str) -> Iterable[tuple[str, Any]]:
        from brian2.core.variables import ArrayVariable

        of = self.cells if owner == "cells" else self.synapses[owner]
        for name, variable in of.variables.items():
            own = isinstance(variable, ArrayVariable) and variable.owner.name == owner
            if own and not name.startswith("_") and name not in HIDDEN:
                yield name, variable

    def _step(self) -> list[str]:
        """What happens at a step, in the order of Brian2's schedule."""
        model = self.model
        elsewhere = "update_1" if model.motion_elsewhere else "update_0"
        delivering = ", ".join(f"deliver_{name}" for name in model.groups)
        changed = ", ".join(map(_quoted, self.changed))
        spare = [
            f"{{{_quoted(f'cells.{name}' for name in (*s.sources, *s.states))}, {_quoted(s.contacts)}}}"
            for s in model.spare
        ]
        draws = [
            f"draw_some(_array_cells_{name}, "
            f"{'engine.bounds[0]' if name.endswith('_apical') else 'engine.cells'}, {k}, cells, now);"
            for k, name in enumerate(model.draws)
        ]
        traces = [
            f"case {k}: for (int k = 0; k < engine.bounds[0]; k++) sum += _array_cells_{name}[k]; break;"
            for k, name in enumerate(model.traces)
        ]
        return [
            "void draw_some(Real* all, const int cells, uint32_t stream, const Span& some, int64_t now) {",
            "draw_within(all, some.first, some.last, cells, stream, (uint32_t)now, "
            "(uint32_t)_array_cells_key_0[0], (uint32_t)_array_cells_key_1[0]);",
            "}",
            "void tell_time(const int64_t now) { time_now[0] = now*engine.step_s; }",
            "void draw(const Span& cells, const int64_t now) {",
            *draws,
            "}",
            "void update(const Chunk& cells) {",
            f"(cells.population == 0 ? update_0_for : {elsewhere}_for)[engine.lacking[cells.population]]"
            "(cells.first, cells.last);",
            "}",
            f"void (*const DELIVER[])(int, int64_t) = {{{delivering}}};",
            "void deliver(const int group, const int population, const int64_t now) {",
            "DELIVER[group](population, now);",
            "}",
            f"const Real* recorded() {{ return _array_cells_{model.recorded}; }}",
            "void sample(const Chunk& cells) {",
            *(
                ["sample_cells_for[engine.lacking[cells.population]](cells.first, cells.last);"]
                if model.sample
                else []
            ),
            "}",
            "void trace(const size_t which) {",
            "double sum = 0;",
            "switch (which) {",
            *traces,
            "}",
            "engine.traces[which].push_back(sum/engine.bounds[0]);",
            "}",
            f"const std::vector<const char*> GROUPS = {_quoted(model.groups)};",
            f"const std::vector<const char*> TRACES = {_quoted(model.traces)};",
            f"const std::vector<Spare> SPARE = {{{', '.join(spare)}}};",
            f"const std::vector<std::vector<const char*>> CHANGED = {{{changed}}};",
        ]

    @staticmethod
    def _reads(line: str, index: str, names: Iterable[str] | None = None) -> bool:
        """Whether a line reads a constant of a cell at an index, and one of these names."""
        found = re.match(rf"const \w+ \w+ = _ptr_array_cells_(\w+)\[{index}\];$", line)
        return found is not None and (names is None or found.group(1) in names)

    def _translate(self, owner: Any, code: str, checked: str) -> Statements:
        """Brian2's C++ for abstract code on the variables of a group or of a synaptic pathway; units of
        `checked` are checked.
        """
        from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
        from brian2.codegen.translation import analyse_identifiers
        from brian2.core.variables import Variables
        from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
        from brian2.equations.unitcheck import check_units_statements

        auxiliary = Variables(None)
        auxiliary.add_auxiliary_variable("_cond", dtype=bool)
        known = dict(owner.variables) | dict(auxiliary)
        _, used, unknown = analyse_identifiers(code, known, recursive=True)
        namespace = _functions()
        names = sorted(used | unknown)
        variables = owner.resolve_all(
            names, namespace, user_identifiers=set(), additional_variables=dict(auxiliary)
        )
        indices = owner.variables.indices
        for index in {indices[name] for name in variables if name in owner.variables} - {"_idx", "0"}:
            variables[index] = owner.variables[index]
        check_units_statements(checked, variables)
        generator = CPPCodeGenerator(
            variables=variables,
            variable_indices=indices,
            owner=owner,
            iterate_all=("_idx",),
            name="",
            template_name="",
            codeobj_class=CPPStandaloneCodeObject,
            override_conditional_write=None,
            allows_scalar_write=False,
        )
        scalar, vector, keywords = generator.translate(
            {None: code}, dtype=self.cells.variables["waiting"].dtype
        )
        pointers = keywords["pointers_lines"]
        return Statements(*(tuple(self._adapted(part)) for part in (scalar[None], vector[None], pointers)))

    def _adapted(self, lines: Any) -> list[str]:
        """Our functions for the standard ones, numbers in the program's precision, time from the engine."""
        text = lines if isinstance(lines, str) else "\n".join(lines)
        for name, ours in FUNCTIONS.items():
            text = re.sub(rf"(?<![\w:.]){name}\(", f"{ours}(", text)
        text = re.sub(r"_array_\w*clock_t;", "time_now;", text).replace("int64_t", "int32_t")
        if self.precision == 32:
            text = re.sub(r"(?<![\w.])(\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])", r"\1f", text)
        return [line.strip() for line in text.splitlines() if line.strip()]


def _quoted(names: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in names) + "}"


def _functions() -> dict[str, Any]:
    """Functions of the fused loop, by the names that its statements use."""
    from brian2.core.functions import Function

    found = {}
    for name, arguments in (("one_less", 1), ("unless_waiting", 3)):
        function = Function(
            lambda *values: values[0], arg_units=[None] * arguments, return_unit=lambda *units: units[-1]
        )
        function.implementations.add_implementation("cpp", "")
        found[name] = function
    return found


if __name__ == "__main__":
    # Brian2 does without, and needs no fonts and no back-end then
    sys.modules["pylab"] = None  # type: ignore[assignment]
    request = json.load(sys.stdin)
    sys.stdout.write(program_text(Model.from_dict(request["model"]), request["precision"]))
