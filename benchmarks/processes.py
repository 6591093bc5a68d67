"""Do two processes on two cores do twice the work of one?

How to read it: acknowledges a second by the wall clock, 64 in flight in each process. One process has a core; two
have one each, and share both with the server. The server's own work is in the way of the second core, so 2.0 is out
of reach on a machine of two cores.
What would falsify it: less than 1.7 x.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from benchmarks import documents
from benchmarks.contenders import klarna_om, some_ids
from benchmarks.machine import CLIENT_CORE, SERVER_CORE, pin
from benchmarks.server import ROOT, fast_server
from benchmarks.tables import Table, aims_table, at_least

IN_FLIGHT = 64


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    rounds, seconds = (11, 4.0) if full else (3, 1.0)
    rates = measure(rounds, seconds)
    ratio = median(two / one for one, two in rates)
    rows = [
        ("one process", f"{median(one for one, _ in rates):,.0f}/s", "1.00 x"),
        ("two processes", f"{median(two for _, two in rates):,.0f}/s", f"{ratio:.2f} x"),
    ]
    aims = [at_least("two processes beside one", ratio, 1.7)]
    return [Table("Acknowledges a second", ("", "rate", "ratio"), rows), aims_table(aims)]


def measure(rounds: int, seconds: float, *, own: bool = False) -> list[tuple[float, float]]:
    """The rates of one and of two processes, in turns."""
    with fast_server(documents.order(2000), own=own) as server:
        return [
            (rate(server.url, seconds, [CLIENT_CORE]), rate(server.url, seconds, [CLIENT_CORE, SERVER_CORE]))
            for _ in range(rounds)
        ]


def rate(url: str, seconds: float, cores: Sequence[int], *, start: float = 1.5) -> float:
    """Calls a second of one process on each of these cores."""
    command = [sys.executable, "-m", "benchmarks.processes", "--url", url]
    command += ["--begin", str(time.time() + start), "--seconds", str(seconds)]
    senders = [
        subprocess.Popen([*command, "--core", str(core)], cwd=ROOT, stdout=subprocess.PIPE, text=True) for core in cores
    ]
    return sum(float(sender.communicate(timeout=seconds + 60)[0]) for sender in senders)


def _sender() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url")
    parser.add_argument("--begin", type=float)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    pin(given.core)
    loop = asyncio.new_event_loop()
    klarna, ids = klarna_om(loop, given.url, IN_FLIGHT), documents.order_ids()
    klarna.acknowledge(some_ids(ids, 200), IN_FLIGHT)
    batch = some_ids(ids, 500)
    time.sleep(max(0.0, given.begin - time.time()))
    began, calls = time.monotonic(), 0
    while (took := time.monotonic() - began) < given.seconds:
        klarna.acknowledge(batch, IN_FLIGHT)
        calls += len(batch)
    klarna.close()
    print(calls / took)


if __name__ == "__main__":
    if "--url" in sys.argv:
        _sender()
    else:
        from benchmarks.__main__ import alone

        alone("processes")
