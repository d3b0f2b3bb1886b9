"""How fast the engine is, against peers and against the limit: `python benchmarks/table.py [--json]
[--repeats N] [ROW ...]`.

Every row is measured in rounds that take the engine and its rival in turn, so that a machine that slows down
slows both. Rows that take long, or need what is not installed, are left out with a word on standard error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import brian, closure, exposure, nest, reference, slow, studies, threads, w1, w1_engine
from benchmarks.builds import BuildFailed
from prelimbic.circuits.cache import BuildError
from prelimbic.circuits.describe import describe, resting_weights
from prelimbic.circuits.engine import CompiledEngine, EngineError
from prelimbic.circuits.network import drawn_network, drawn_wiring
from prelimbic.parameters import CIRCUIT, SpineNumbers, circuit_numbers, circuit_sheet, sheet

SECONDS, WARM_UP_S = 2.0, 0.5
# what hand-written AVX-512 took of the time of plain C++, measured once on another machine
LIMIT_OF_PLAIN = 0.64
MOST_NS = {"cell step": 1.2 * 2.5, "event": 1.2 * 2.3}  # a slower reference is no limit


@dataclass(frozen=True)
class Row:
    """One comparison: median of the engine's figure, of its rival's or the target, and of their ratios;
    every ratio.
    """

    name: str
    value: float
    limit: float
    ratio: float
    goal: str
    unit: str
    repeats: list[float]

    @property
    def met(self) -> bool:
        sign, number = self.goal.split()
        return self.ratio <= float(number) if sign == "<=" else self.ratio >= float(number)


def row(name: str, pairs: list[tuple[float, float]], goal: str, unit: str, faster: bool = False) -> Row:
    """A row from (engine, rival) of each round; `faster` compares how many times faster the engine is."""
    ratios = [rival / own if faster else own / rival for own, rival in pairs]
    value, limit = (statistics.median(p[k] for p in pairs) for k in (0, 1))
    return Row(name, value, limit, statistics.median(ratios), goal, unit, ratios)


def cpu_of(engine: CompiledEngine) -> float:
    """CPU seconds that the engine's process has used."""
    return int(Path(f"/proc/{engine.process_id}/schedstat").read_text().split()[0]) * 1e-9


def cost(engine: CompiledEngine) -> float:
    """CPU seconds a biological second."""
    engine.clear()
    before = cpu_of(engine)
    engine.run(SECONDS)
    return (cpu_of(engine) - before) / SECONDS


class W1:
    """W1 with 4,000 cells: in the engine, as plain and as tuned C++, in Brian2 and in NEST."""

    def __init__(self, folder: Path):
        self.network = w1.draw(4000, 1)
        self.engine = w1_engine.engine(self.network, 1)
        self.engine.run(WARM_UP_S)
        self.folder = folder / "w1"
        reference.export_w1(self.network, self.folder)

    def rows(self, repeats: int) -> list[Row]:
        plain, tuned = (
            self._against(reference.compile_reference("w1", tuned), repeats) for tuned in (False, True)
        )
        peer = brian.Default(self.network, SECONDS)
        brians = [(cost(self.engine), peer.cost()) for _ in range(repeats)]
        peer.close()
        found = [
            row("W1 against plain C++", plain, "<= 0.9", "CPU s / s"),
            row(
                "W1 against 0.64 of plain C++",
                [(a, LIMIT_OF_PLAIN * b) for a, b in plain],
                "<= 1.25",
                "CPU s / s",
            ),
            row("W1 against tuned C++", tuned, "<= 1.25", "CPU s / s"),
            row("W1 against Brian2 standalone, times faster", brians, ">= 12", "CPU s / s", faster=True),
        ]
        if nest.available():
            rival = nest.Peer(self.network)
            pairs = [(cost(self.engine), rival.cost(SECONDS)) for _ in range(repeats)]
            rival.close()
            found.append(row("W1 against NEST, times faster", pairs, ">= 30", "CPU s / s", faster=True))
        else:
            print(
                "NEST is not installed: its row is left out (benchmarks/nest.py says how to build it)",
                file=sys.stderr,
            )
        return found

    def _against(self, program: Path, repeats: int) -> list[tuple[float, float]]:
        pairs = []
        for _ in range(repeats):
            own, other = cost(self.engine), reference.run(program, self.folder, SECONDS, 1)
            if other.ns_per_cell_step > MOST_NS["cell step"] or other.ns_per_event > MOST_NS["event"]:
                print(f"this reference is too slow to be a limit: {other}", file=sys.stderr)
            pairs.append((own, other.cpu_seconds / SECONDS))
        return pairs


def w2(folder: Path, repeats: int) -> list[Row]:
    """The shipped circuit at scale 4 against plain C++."""
    sites = sheet("spines").fill("spines", SpineNumbers).sites_per_contact
    circuit = describe(circuit_numbers(circuit_sheet(CIRCUIT)), 4.0, sites)
    weights, shut = resting_weights(circuit), np.zeros_like(circuit.mixtures)
    network = drawn_network(circuit, 1)
    network.load_weights(weights)
    network.load_block(shut)
    network.engine.run(WARM_UP_S)
    reference.export_w2(circuit, drawn_wiring(circuit, 1), weights, shut, folder / "w2")
    found = []
    for kind, goal in (("plain", "<= 1"), ("tuned", "<= 1.15")):
        program, pairs = reference.compile_reference("w2", kind == "tuned"), []
        for _ in range(repeats):
            rival = reference.run(program, folder / "w2", SECONDS, 1)
            pairs.append((cost(network.engine), rival.cpu_seconds / SECONDS))
        found.append(row(f"W2 against {kind} C++", pairs, goal, "CPU s / s"))
    network.close()
    return found


def large(repeats: int) -> list[Row]:
    """W1 with 20,000 cells: its speed with classed delays, and what lies between two looks, there and at
    4,000.
    """
    found = []
    for cells, goal_ms in ((4000, 5.0), (20000, 15.0)):
        network = w1.draw(cells, 1, heterogeneous=True)
        engine = w1_engine.engine(network, 1, delay_classes=5)
        engine.run(WARM_UP_S)
        if cells == 20000:
            pairs = [(cost(engine), 0.6) for _ in range(repeats)]
            found.append(row("W1 with 20,000 cells, 5 delay classes", pairs, "<= 1", "CPU s / s"))
        times = [(between_looks(engine, network), goal_ms) for _ in range(4 * repeats)]
        found.append(row(f"between two looks, {cells:,} cells", times, "<= 1", "ms"))
        engine.close()
    return found


def between_looks(engine: CompiledEngine, network: w1.Network) -> float:
    """Wall milliseconds of new weights for all plastic contacts, a new block and a manipulation, and
    counting spikes.
    """
    weights = w1_engine.groups(network)["plastic"].weight * np.float32(1e-9)
    per_class = np.repeat([0.3, 0.1, 0.2, 0.2], np.diff(network.bounds))
    begun = time.perf_counter()
    engine.load("plastic.weight", weights)
    engine.load("cells.block", per_class)
    engine.load("cells.AMPA_left", 1.0 - per_class)
    engine.clear()
    taken = time.perf_counter() - begun
    engine.run(0.01)
    begun = time.perf_counter()
    engine.fetch("spikes.i")
    return 1e3 * (taken + time.perf_counter() - begun)


def whole_study(console: Console) -> list[Row]:
    """14 days, 80 looks, 10 doses x 10 seeds, once: it takes minutes."""
    done = [0]

    def tell(outcome: closure.Outcome) -> None:
        done[0] += 1
        console.print(
            f"14 days: {done[0]} of {len(closure.DOSES) * len(closure.SEEDS)} runs", highlight=False
        )

    minutes = closure.sweep(tell)[0] / 60.0
    return [row("14 days, 80 looks, 10 doses x 10 seeds, W1", [(minutes, 8.0)], "<= 1", "min")]


def slow_layer(repeats: int) -> list[Row]:
    """Ten million agents, and 14 days of a whole run."""
    table = slow.Table()
    print(f"{table.agents:,} agents of {table.bytes_an_agent:.2f} bytes", file=sys.stderr)
    jumps = [(table.jumped() / 1e9, slow.GOAL / 1e9) for _ in range(4 * repeats)]
    strides = [(table.advanced() / 1e9, slow.GOAL / 1e9) for _ in range(4 * repeats)]
    polls = [(table.jumped() / 1e9, table.polled() / 1e9) for _ in range(repeats)]
    found = [
        row("agents jumped a second against 1.5e9", jumps, ">= 1", "1e9/s"),
        row("agents of whole strides a second against 1.5e9", strides, ">= 1", "1e9/s"),
        row("agents jumped against drawn with numpy", polls, ">= 10", "1e9/s"),
    ]
    for scale, goal in slow.CPU_GOAL_S.items():
        costs = [(slow.cpu_of_14_days(scale), goal) for _ in range(min(repeats, 3))]
        found.append(row(f"14 days, one run at scale {scale:g}", costs, "<= 1", "CPU s"))
    return found


def exposures(repeats: int) -> list[Row]:
    """What a course of concentrations costs, its peak, and a thousand of them."""
    found = [
        row(f"both enantiomers, {name}, against one by matrix exponential", pairs, "<= 1.2", "s")
        for name, pairs in exposure.exposures(repeats).items()
    ]
    found.append(row("peak of ten doses against 5 ms", exposure.peaks(repeats), "<= 1", "s"))
    return [*found, row("1,000 subjects, 14 days, against 2 s", exposure.subjects(repeats), "<= 1", "s")]


def against_before(rows: studies.Rows) -> list[Row]:
    """Rows of this build against an earlier one."""
    return [row(f"{name}, against before", pairs, goal, unit) for name, (pairs, goal, unit) in rows.items()]


def main() -> None:
    """Measure what is asked for and show it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print a list of rows as JSON")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of every comparison")
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help="w1, w2, large, slow, exposure, study, sweep, board; all without",
    )
    asked = parser.parse_args()
    console = Console(stderr=True)
    parts: dict[str, Callable[[Path], list[Row]]] = {
        "w1": lambda folder: W1(folder).rows(asked.repeats),
        "w2": lambda folder: w2(folder, asked.repeats),
        "large": lambda _: [*large(asked.repeats), *(row(*r) for r in threads.rows(asked.repeats))],
        "slow": lambda _: slow_layer(asked.repeats),
        "exposure": lambda _: exposures(asked.repeats),
        "study": lambda _: whole_study(console),
        "sweep": lambda _: against_before(studies.sweep()),
        "board": lambda _: against_before(studies.board()),
    }
    unknown = [name for name in asked.rows if name not in parts]
    if unknown or asked.repeats < 1:
        allowed = f"rows are {', '.join(parts)} and --repeats is at least 1"
        sys.exit(f"table.py: {allowed}, not {unknown or asked.repeats}")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.rows or parts:
            console.print(f"measuring {name}", highlight=False)
            found += parts[name](Path(folder))
    if asked.json:
        print(json.dumps([asdict(r) for r in found], indent=1))
    else:
        Console().print(shown(found))


def shown(rows: list[Row]) -> Table:
    """The rows as a table, with what was missed and by how much."""
    table = Table()
    for heading in ("what", "engine", "limit", "unit", "ratio (least-most)", "goal", ""):
        table.add_column(heading, justify="left" if heading in ("what", "unit", "") else "right")
    for r in rows:
        away = abs(r.ratio / float(r.goal.split()[1]) - 1.0)
        spread = f"{r.ratio:.2f} ({min(r.repeats):.2f}-{max(r.repeats):.2f})"
        table.add_row(
            r.name,
            f"{r.value:.3g}",
            f"{r.limit:.3g}",
            r.unit,
            spread,
            r.goal,
            "met" if r.met else f"missed by {away:.0%}",
        )
    return table


if __name__ == "__main__":
    try:
        main()
    except (reference.ProgramError, nest.NestError, BuildError, BuildFailed, EngineError) as error:
        sys.exit(f"table.py: {error}")
