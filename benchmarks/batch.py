"""What does a job cost that remembers every row?

How to read it: "at volume" acknowledges with an operation in memory that answers at once, so that all that counts is
ours: reading the ids, the journal on disk, the bookkeeping. Memory is the highest of the process above what it had
before it began. "Resume" is from the start of a second run over a manifest that is half done to its first call: it
reads the manifest again and compares it with the journal.
"Over HTTP" has a server in a process of its own on the other core: one that answers after 40 to 120 ms as Klarna does,
and one that answers at once, so that the client's CPU is all that counts. All send the same acknowledgements with 64 in
flight and take turns; bare workers of aiohttp share an iterator, check the status, and remember nothing. "x" is the
rate beside theirs in the same round. A plain loop has one call in flight.
"In a service": how late the event loop wakes a task that sleeps 5 ms (99th percentile) while a job runs in it.
What would falsify it: over 32 MiB of memory for a million rows, fewer than 60,000 records or 200,000 loaded rows a
second, over 5 s to resume, less than 90 % of the bare workers' rate with Klarna's latency, a lag above 10 ms.
"""

import json
import subprocess
import sys
from statistics import median

from benchmarks import documents
from benchmarks.batch_runs import BARE, MIB, OURS, SENDERS
from benchmarks.machine import version
from benchmarks.server import ROOT, fast_server, own_server
from benchmarks.tables import Aim, Table, aims_table, at_least, at_most


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    volume = _in_process("volume", 1_000_000 if full else 50_000)
    rows, rounds = (20_000, 9) if full else (2_000, 2)
    with own_server(quickest=0.04, slowest=0.12) as server:
        slow = _take_turns(rows // 4, rounds, server.url)
    with fast_server(documents.order(2000)) as server:
        fast = _take_turns(rows, rounds, server.url)
        lag = _in_process("service", rows, server.url)["lag"]
    return [
        _volume_table(volume),
        _http_table("Over HTTP with 40 to 120 ms of latency", slow),
        _http_table("Over HTTP without latency", fast),
        aims_table(_aims(volume, _ratio(slow, OURS), lag)),
    ]


def _take_turns(rows: int, rounds: int, url: str) -> dict[str, list[dict[str, float]]]:
    present = [name for name in SENDERS if name != "aiometer" or version("aiometer")]
    results: dict[str, list[dict[str, float]]] = {name: [] for name in present}
    for number in range(rounds):
        start = number % len(present)
        for name in present[start:] + present[:start]:
            results[name].append(_in_process(name, rows // 50 if name == "plain loop" else rows, url))
    return results


def _volume_table(volume: dict[str, float]) -> Table:
    rows = [
        ("load", f"{volume['loaded']:,.0f} rows/s"),
        ("run, with a record on disk for each row", f"{volume['run']:,.0f} rows/s"),
        ("CPU of a row in the run", f"{volume['cpu'] * 1e6:.1f} us"),
        ("journal alone, 64 writers", f"{volume['records']:,.0f} records/s, {volume['record_cpu'] * 1e6:.1f} us each"),
        ("memory above the start, at most", f"{volume['memory'] / MIB:.0f} MiB"),
        ("resume of the half-done job, to its first call", f"{volume['resume']:.1f} s"),
    ]
    return Table(f"At volume: {volume['rows']:,.0f} rows", ("", "measured"), rows)


def _http_table(title: str, results: dict[str, list[dict[str, float]]]) -> Table:
    rows = [
        (
            name,
            f"{median(run['rate'] for run in runs):,.0f}/s",
            f"{_ratio(results, name):.2f} x",
            f"{median(run['cpu'] for run in runs) * 1e6:.0f} us",
        )
        for name, runs in results.items()
    ]
    bars = [(name, median(run["rate"] for run in runs)) for name, runs in results.items()]
    return Table(title, ("", "rate", "ratio", "CPU a row"), rows, bars=bars, bars_title=f"{title}: rows a second")


def _ratio(results: dict[str, list[dict[str, float]]], name: str) -> float:
    return median(mine["rate"] / bare["rate"] for mine, bare in zip(results[name], results[BARE], strict=True))


def _aims(volume: dict[str, float], ratio: float, lag: float) -> list[Aim]:
    return [
        at_most("MiB of memory above the start", volume["memory"] / MIB, 32, "{:.0f}"),
        at_least("records a second", volume["records"], 60_000, "{:,.0f}"),
        at_most("us of CPU for a record", volume["record_cpu"] * 1e6, 8, "{:.1f}"),
        at_least("rows loaded a second", volume["loaded"], 200_000, "{:,.0f}"),
        at_most("s to resume", volume["resume"], 5, "{:.1f}"),
        at_least("rate with latency beside bare aiohttp workers", ratio, 0.9),
        at_most("ms of lag in a service, 99th percentile", lag * 1e3, 10, "{:.1f}"),
    ]


def _in_process(name: str, rows: int, url: str = "") -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.batch_runs", "--run", name, "--rows", str(rows), "--url", url]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    measured: dict[str, float] = json.loads(output)
    return measured


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("batch")
