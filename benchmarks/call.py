"""What does a call cost, beside what else one could call Klarna with?

How to read it: CPU is the time of the client's process alone, in microseconds a call; the server runs on another
core and is not the bottleneck. "x" is the ratio to aiohttp by hand in the same round (the median of the rounds), so
it holds on a busy machine too. Calls a second are by the wall clock, with one core for the client, and mean something
on a quiet machine only. The full stack is on: key, guard, retries, pace, log, types.
What would falsify it: an acknowledge above 1.05 x aiohttp by hand at 64 in flight, a typed order above 1.30 x the
bytes of one, or any httpx-based client below ten times our CPU.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from attrs import evolve, frozen

from benchmarks import documents
from benchmarks.contenders import BASELINE, CONTENDERS, HTTPX_BASED, OURS, Contender, Make, some_ids
from benchmarks.generated import Absent
from benchmarks.machine import CLIENT_CORE, pin_for_block
from benchmarks.measuring import CallTime, Series, in_turns, microseconds, time_calls
from benchmarks.server import fast_server
from benchmarks.tables import Aim, Table, aims_table, at_least, at_most

ORDER_BYTES = 4600
OPERATIONS = ("acknowledge", "get")
CHARTED = 64


@frozen
class Plan:
    """How much is measured."""

    levels: Sequence[int] = (1, 16, 64, 256)
    rounds: int = 21
    calls: int = 1000
    slow_calls: int = 200
    """For slow contenders, where fewer calls are enough."""


QUICK = Plan(levels=(1, 64), rounds=5, calls=400, slow_calls=100)

Results = dict[tuple[str, int], dict[str, Series]]
"""By operation and calls in flight, the series of each contender."""


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    plan = Plan() if full else QUICK
    results, absent, server = measure(plan, CONTENDERS)
    levels = [level for level in plan.levels if level in {level for _, level in results}]
    tables = [_table(results, operation, levels) for operation in OPERATIONS]
    reasons = "; ".join(f"{name}: {why}" for name, why in absent.items())
    note = f"Server: {server}. Absent: {reasons or 'none'}."
    return [*tables[:-1], evolve(tables[-1], note=note), aims_table(_aims(results))]


def measure(plan: Plan, makes: Mapping[str, Make], *, own: bool = False) -> tuple[Results, dict[str, str], str]:
    """Run every contender by the plan; also those that are absent and why, and the server's name."""
    results: Results = {}
    with ExitStack() as exit_stack:
        server = exit_stack.enter_context(fast_server(documents.order(ORDER_BYTES), own=own))
        exit_stack.enter_context(pin_for_block(CLIENT_CORE))
        loop = asyncio.new_event_loop()
        exit_stack.callback(loop.close)
        contenders, absent = _make_contenders(loop, server.url, max(plan.levels), makes, exit_stack)
        ids = documents.order_ids()
        for operation in OPERATIONS:
            for level in plan.levels:
                runs = {name: _run(one, name, operation, level, plan, ids) for name, one in contenders.items()}
                for run in runs.values():
                    run()  # connections are opened, code is warm
                results[operation, level] = in_turns(runs, plan.rounds)
    return results, absent, server.kind


def _make_contenders(
    loop: asyncio.AbstractEventLoop, url: str, most: int, makes: Mapping[str, Make], exit_stack: ExitStack
) -> tuple[dict[str, Contender], dict[str, str]]:
    contenders: dict[str, Contender] = {}
    absent: dict[str, str] = {}
    for name, make in makes.items():
        try:
            contenders[name] = make(loop, url, most)
        except Absent as reason:
            absent[name] = str(reason)
        else:
            exit_stack.callback(contenders[name].close)
    return contenders, absent


def _run(
    contender: Contender, name: str, operation: str, level: int, plan: Plan, endless: Iterator[str]
) -> Callable[[], CallTime]:
    calls = max(plan.calls if name in {BASELINE, OURS} else plan.slow_calls, level)
    run = contender.acknowledge if operation == "acknowledge" else contender.get

    def measure_calls() -> CallTime:
        ids = some_ids(endless, calls)
        return time_calls(lambda: run(ids, level), calls)

    return measure_calls


def _table(results: Results, operation: str, levels: Sequence[int]) -> Table:
    names = results[operation, levels[0]]
    rows: list[tuple[str, ...]] = []
    for name in names:
        cells = [name]
        for level in levels:
            series = results[operation, level]
            one, ratio = series[name], series[name].ratio_to(series[BASELINE])
            cells.append(f"{microseconds(one.cpu)} us, {ratio:.2f} x, {one.rate:,.0f}/s")
        rows.append(tuple(cells))
    what = "POST .../acknowledge" if operation == "acknowledge" else f"GET an order of {ORDER_BYTES / 1000} KB"
    columns = ("", *(f"{level} in flight" for level in levels))
    shown = results[operation, CHARTED if CHARTED in levels else levels[-1]]
    bars = [(name, series.cpu * 1e6) for name, series in shown.items()]
    bars_title = f"{what}, {CHARTED} in flight: CPU microseconds a call"
    return Table(f"{what}: CPU a call, ratio, calls a second", columns, rows, bars=bars, bars_title=bars_title)


def _aims(results: Results) -> list[Aim]:
    acknowledge, get = results["acknowledge", 64], results["get", 64]
    aims = [
        at_most(
            "acknowledge beside `session.post`, 64 in flight", acknowledge[OURS].ratio_to(acknowledge[BASELINE]), 1.05
        ),
        at_most("typed order beside `session.get` to bytes, 64 in flight", get[OURS].ratio_to(get[BASELINE]), 1.30),
    ]
    for operation, series in (("acknowledge", acknowledge), ("get", get)):
        aims += [
            at_least(f"{operation}: CPU of {name} beside ours, 64 in flight", series[name].ratio_to(series[OURS]), 10.0)
            for name in HTTPX_BASED
            if name in series
        ]
    return aims


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("call")
