"""Several processes and one server that counts: within the limit, and near it.

`KLARNA_OM_PACE_PROOF=1` (the session `pace` of nox) takes up to eight processes, longer, at a higher limit.
"""

import asyncio
import os
from itertools import product

import pytest
from psycopg.conninfo import conninfo_to_dict

from benchmarks.pace import OURS, Case, percentile, run
from benchmarks.server import Kind
from benchmarks.shared_pace import START

IS_PROOF = bool(os.environ.get("KLARNA_OM_PACE_PROOF"))
SECONDS, LIMIT = (15.0, 400) if IS_PROOF else (4.0, 60)
NUMBERS = (1, 2, 4, 8) if IS_PROOF else (2,)
KINDS: tuple[Kind, ...] = ("fixed window", "token bucket") if IS_PROOF else ("token bucket",)
LEAST_USED, MOST_REFUSED = (0.945, 0.001) if IS_PROOF else (0.75, 0.0)
"""Beside other tests a process is starved now and then, so the suite asks for less of the limit than the proof does."""

TRIES = 1 if IS_PROOF else 3

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["machine", "postgres", "redis"])
def pace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `KLARNA_OM_PACE` is in each process."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)  # measured processes are much slower
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    if request.param == "postgres":
        parts = conninfo_to_dict(request.getfixturevalue("postgres_server"))
        return "postgresql:///{dbname}?host={host}&user={user}".format(**parts)
    return "machine"


@pytest.mark.parametrize(("number", "kind"), [*product(NUMBERS, KINDS)])
async def test_processes_that_share_a_pace_use_the_limit_without_a_429(pace: str, number: int, kind: Kind) -> None:
    case = Case(OURS, kind, number, limit=LIMIT, configured=LIMIT, pace=pace)

    results = list[tuple[float, float]]()
    while not any(refused <= MOST_REFUSED and used >= LEAST_USED for refused, used in results):
        assert len(results) < TRIES, f"shares of 429 and of the limit used: {results}"
        counts = await asyncio.to_thread(run, case, SECONDS)
        results.append((counts.share_refused, counts.share_used(LIMIT, START)))


@pytest.mark.skipif(not IS_PROOF, reason="a proof: nox -s pace")
async def test_a_server_that_allows_half_is_followed(pace: str) -> None:
    case = Case(OURS, processes=4, limit=LIMIT // 2, configured=LIMIT, pace=pace)

    counts = await asyncio.to_thread(run, case, SECONDS)

    assert counts.share_refused <= MOST_REFUSED
    assert counts.share_used(LIMIT // 2, START) >= LEAST_USED


@pytest.mark.skipif(not IS_PROOF, reason="a proof: nox -s pace")
async def test_live_calls_find_their_slot_beside_batches_of_others(pace: str) -> None:
    case = Case(OURS, processes=3, live=True, limit=LIMIT, configured=LIMIT, pace=pace)

    counts = await asyncio.to_thread(run, case, SECONDS)

    assert percentile(counts.waits) < 0.02
