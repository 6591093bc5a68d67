"""`python -m benchmarks [--full] [--only call ...]`: run the comparisons, and with --full publish their tables.

The quick run prints only. The full one rewrites the tables in `benchmarks/README.md` between their markers, with the
machine, the date and the versions, and draws the charts.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.tables import Table

README = Path(__file__).parent / "README.md"

QUESTIONS = (
    "call",
    "layers",
    "importing",
    "structuring",
    "pace",
    "shared_pace",
    "batch",
    "engine",
    "service",
    "processes",
)


def main(arguments: Sequence[str]) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="take the time that the published tables took")
    parser.add_argument("--only", choices=QUESTIONS, nargs="+", default=QUESTIONS, help="these questions")
    given = parser.parse_args(arguments)
    print(describe(), flush=True)
    for name in given.only:
        started = time.monotonic()
        tables = answer(name, full=given.full)
        print(f"\n## {name} ({time.monotonic() - started:.0f} s)\n\n{_markdown(tables)}", flush=True)
        if given.full:
            publish(README, {"machine": describe(), name: _markdown(tables)})
            _draw(name, tables)


def answer(name: str, *, full: bool) -> list[Table]:
    """The tables of one question."""
    tables: list[Table] = importlib.import_module(f"benchmarks.{name}").main(full)
    return tables


def alone(name: str) -> None:
    """What `python -m benchmarks.call` does."""
    main([*sys.argv[1:], "--only", name])


def publish(page: Path, sections: dict[str, str]) -> None:
    """Put sections between their markers; what stands around them is left."""
    text = page.read_text()
    for name, section in sections.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"{page} has no markers for {name}")
        text = f"{before}{begin}\n{section}\n\n{end}{rest.partition(end)[2]}"
    page.write_text(text)


def _markdown(tables: Sequence[Table]) -> str:
    return "\n\n".join(table.markdown() for table in tables)


def _draw(name: str, tables: Sequence[Table]) -> None:
    from benchmarks import chart
    from benchmarks.generated import Absent

    shown = [table for table in tables if table.bars]
    if not shown:
        return
    try:
        chart.draw(README.parent / f"{name}.svg", shown)
    except Absent as reason:
        print(f"no chart: {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
