"""How fast people are: 1,000 subjects followed for 28 days.

python -m benchmarks.people [SUBJECTS]
"""

from __future__ import annotations

import sys
import time

from prelimbic.patients.course import courses
from prelimbic.patients.subjects import people

SCHEDULES = {
    "one infusion": "0.5 mg/kg iv over 40min at 0h",
    "six infusions in 12 days": "0.5 mg/kg iv over 40min every 48h x 6",
    "esketamine twice a week": "esketamine 84 mg nasal every 84h x 8",
}
SHEETS = {"dendritic": "recombinant", "native": "tissue"}
DAYS = [f"{day}d" for day in (1, 2, 3, 5, 7, 10, 14, 21, 28)]


def main(subjects: int = 1000) -> None:
    """Print processor and wall seconds by schedule."""
    for sheet, affinity in SHEETS.items():
        who = people(subjects, sheet=sheet, affinity=affinity)
        courses(who.iloc[:2], SCHEDULES["one infusion"], DAYS, sheet=sheet, affinity=affinity)  # compiles
        for name, give in SCHEDULES.items():
            wall, processor = time.perf_counter(), time.process_time()
            seen = courses(who, give, DAYS, sheet=sheet, affinity=affinity)
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            day = float(seen["relief"].sel(time=24.0).mean())
            print(
                f"{sheet:10} {name:26} {subjects} subjects x 28 d: {processor:.1f} s of processor, "
                f"{wall:.1f} s; relief at 24 h {day:.2f} points"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
