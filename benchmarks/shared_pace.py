"""How much of one merchant's limit do several processes use together, and how many 429s does it cost?

How to read it: as in `pace.py`, with up to four processes (eight with `--full`) that share the pace of this machine, or
one in PostgreSQL or Redis, as on many machines; `KLARNA_OM_TEST_POSTGRES` and `KLARNA_OM_TEST_REDIS` name those
servers, else the standard ports are tried. "each alone" is the pace of a process, which sees the others only by their
429s. "half" is a server that allows half of what all are configured for. "live" is a process that makes a live call
now and then beside the batches of the others, and the 99th percentile of its waits.
What would falsify it: less than 94.5 % used or more than 0.1 % of 429 with any number of processes that share a pace,
at half of the configured limit too; a live call that waits more than 20 ms.
"""

import os
from collections.abc import Sequence
from itertools import product

from benchmarks.pace import LIMIT, OURS, Case, Counts, percentile, run
from benchmarks.server import Kind
from benchmarks.tables import Aim, Table, aims_table, at_least, at_most

POSTGRES = os.environ.get("KLARNA_OM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("KLARNA_OM_TEST_REDIS", "redis://127.0.0.1:6379")
START = 2
"""Whole seconds before which processes are still starting, one after the other."""
KINDS: tuple[Kind, ...] = ("fixed window", "token bucket")


def main(full: bool) -> list[Table]:
    """Measure and tabulate, one case after the other: each needs the machine for itself."""
    seconds, numbers = (15.0, (1, 2, 4, 8)) if full else (4.0, (1, 2))
    paces = {"machine": "machine", **_stores()}
    results = {
        (name, kind, number): run(Case(OURS, kind, number, pace=pace), seconds)
        for (name, pace), kind, number in product({"each alone": "shared", **paces}.items(), KINDS, numbers)
    }
    half = {name: run(Case(OURS, processes=2, limit=LIMIT // 2, pace=pace), seconds) for name, pace in paces.items()}
    live = {name: run(Case(OURS, processes=3, live=True, pace=pace), seconds) for name, pace in paces.items()}
    columns = ("", *(f"{kind}, {number}" for kind in KINDS for number in numbers), "half, 2", "live, 2 + 1")
    rows = [
        (name, *(_cell(results[name, kind, number]) for kind in KINDS for number in numbers), *_more(name, half, live))
        for name in ("each alone", *paces)
    ]
    absent = [name for name in ("postgres", "redis") if name not in paces]
    note = f"{seconds:.0f} s each, limit {LIMIT}/s; processes." + (f" Absent: {', '.join(absent)}." if absent else "")
    aims = [aim for name in paces for aim in _aims(name, [c for key, c in results.items() if key[0] == name])]
    aims += [aim for name, counts in live.items() for aim in _live_aims(name, counts)]
    return [Table("One limit, several processes: used, and 429s", columns, rows, note), aims_table(aims)]


def _aims(name: str, all_counts: Sequence[Counts]) -> list[Aim]:
    used = min(counts.share_used(LIMIT, START) for counts in all_counts)
    refused = max(counts.share_refused for counts in all_counts)
    return [
        at_least(f"{name}: share of the limit, worst case", used, 0.945, "{:.1%}"),
        at_most(f"{name}: share of 429, worst case", refused, 0.001, "{:.2%}"),
    ]


def _live_aims(name: str, counts: Counts) -> list[Aim]:
    waits = percentile(counts.waits) * 1e3
    return [at_most(f"{name}: ms that a live call waits beside batches, 99th percentile", waits, 20, "{:.1f}")]


def _cell(counts: Counts, limit: int = LIMIT) -> str:
    return f"{counts.share_used(limit, START):.1%}, {counts.share_refused:.2%} of 429"


def _more(name: str, half: dict[str, Counts], live: dict[str, Counts]) -> tuple[str, str]:
    if name not in half:
        return ("", "")
    return (_cell(half[name], LIMIT // 2), f"{percentile(live[name].waits) * 1e3:.1f} ms")


def _stores() -> dict[str, str]:
    """Those that are there."""
    return {
        name: url
        for name, url, is_there in (("postgres", POSTGRES, _has_postgres), ("redis", REDIS, _has_redis))
        if is_there()
    }


def _has_postgres() -> bool:
    import psycopg

    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _has_redis() -> bool:
    import redis

    with redis.Redis.from_url(REDIS, socket_connect_timeout=2) as client:
        try:
            client.ping()
        except redis.RedisError:
            return False
    return True


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("shared_pace")
