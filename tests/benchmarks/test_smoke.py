"""Every benchmark runs, for a moment and among our own: nothing is asserted about times."""

import asyncio
import os
from pathlib import Path

import pytest

from benchmarks import (
    batch_runs,
    call,
    contenders,
    documents,
    engine,
    importing,
    layers,
    pace,
    processes,
    service,
    structuring,
)
from benchmarks.__main__ import QUESTIONS, README, publish
from benchmarks.measuring import CallTime, Series
from benchmarks.server import Kind, own_server
from benchmarks.tables import Table, aims_table, at_least, at_most
from klarna_om import Order, UpdateAuthorization
from tests.support.postgres import database_with_journals

OWN = {name: contenders.CONTENDERS[name] for name in (contenders.BASELINE, contenders.OURS)}


def test_calls_are_compared() -> None:
    plan = call.Plan(levels=(2,), rounds=1, calls=4, slow_calls=4)

    results, absent, _ = call.measure(plan, OWN, own=True)

    assert {name for series in results.values() for name in series} == set(OWN)
    assert absent == {}


@pytest.mark.parametrize("operation", layers.ROOTS)
def test_each_layer_is_measured(operation: str) -> None:
    table = layers.measure(operation, rounds=1, calls=10)

    assert {"transport", "+ pace", "+ auth"} <= {row[0] for row in table.rows}


def test_imports_are_timed(tmp_path: Path) -> None:
    assert importing.time_statement("import json", str(tmp_path)).cpu >= 0


@pytest.mark.parametrize("size", structuring.SIZES)
def test_orders_of_all_sizes_are_read_and_requests_written(size: int) -> None:
    order = documents.order(size)
    read, _ = structuring.ours(Order)
    read_request, write = structuring.ours(UpdateAuthorization)
    request = structuring.authorization(order)

    assert abs(len(order) - size) < 500
    assert len(read(order).order_lines) > 1
    assert len(read_request(write(read_request(request))).order_lines) > 1


@pytest.mark.parametrize("who", ["klarna_om", "semaphore", "no limiter"])
async def test_senders_send_until_the_time_is_over(who: str) -> None:
    with own_server(kind="fixed window", limit=10_000, core=None) as server:
        await pace.SENDERS[who](server.url, 0.1, 1000, "both" if who == "klarna_om" else "batch")
        counts = pace.count_by_second(await asyncio.to_thread(pace.read_stats, server.url))

    assert sum(counts.accepted) > 10
    assert counts.share_refused == 0


@pytest.mark.parametrize("kind", ["fixed window", "token bucket"])
async def test_the_server_turns_away_what_is_above_the_limit(kind: Kind) -> None:
    with own_server(kind=kind, limit=5, core=None) as server:
        await pace.SENDERS["no limiter"](server.url, 0.1, 1000, "batch")
        counts = pace.count_by_second(await asyncio.to_thread(pace.read_stats, server.url))

    assert counts.share_refused > 0


@pytest.mark.parametrize("name", [service.OURS, service.BY_HAND])
async def test_services_read_and_acknowledge(name: str) -> None:
    with own_server(core=None, is_captured=False) as server:
        handle, close = await service.SERVICES[name](server.url, 4)
        await handle(documents.order_id(1))
        await close()
        counts = await asyncio.to_thread(pace.read_stats, server.url)

    assert counts["accepted"] == 2


def test_processes_are_counted() -> None:
    with own_server(core=None) as server:
        assert processes.rate(server.url, 0.01, [0], start=0.0) > 0


def test_a_ratio_is_taken_round_by_round() -> None:
    ours = Series([CallTime(1.0, 1.0), CallTime(20.0, 20.0), CallTime(3.0, 3.0)])
    theirs = Series([CallTime(2.0, 2.0), CallTime(20.0, 20.0), CallTime(6.0, 6.0)])

    assert ours.ratio_to(theirs) == 0.5


def test_tables_go_between_their_markers(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(README.read_text())
    table = Table("Times", ("", "CPU"), [("ours", "1 us")], "A note.")
    aims = aims_table([at_most("CPU", 1.0, 2.0), at_least("rate", 1.0, 2.0)])

    publish(page, dict.fromkeys(QUESTIONS, f"{table.markdown()}\n\n{aims.markdown()}"))

    assert page.read_text().count("| ours | 1 us |") == len(QUESTIONS)
    assert "| rate: at least 2.00 | 1.00 | MISSED |" in page.read_text()
    with pytest.raises(ValueError, match="no markers"):
        publish(page, {"another": ""})


@pytest.mark.parametrize("name", [*batch_runs.SENDERS, *batch_runs.OTHERS])
async def test_jobs_and_what_people_write_instead_are_run(name: str) -> None:
    if name == "aiometer":
        pytest.importorskip("aiometer")
    with own_server() as server:
        measured = await {**batch_runs.SENDERS, **batch_runs.OTHERS}[name](100, server.url)

    assert all(value >= 0 for value in measured.values())


async def test_jobs_of_workers_are_measured(postgres_server: str) -> None:
    with database_with_journals(postgres_server) as dsn:
        _, job = await engine.load(dsn, 300)

        assert await engine.record(dsn, job, 300) > 0
        assert await engine.outcomes(dsn, 300, 1) > 0
        assert await engine.by_hand(dsn, 300, 1) > 0


@pytest.mark.timeout(300)
async def test_the_plans_of_a_worker_read_no_whole_table(postgres_server: str) -> None:
    with database_with_journals(postgres_server) as dsn:
        _, job = await engine.load(dsn, int(os.environ.get("KLARNA_OM_ENGINE_ROWS", "5000")))

        assert await engine.sequential_scans(dsn, job) == []
