"""A job in numbers, from its SQLite journal: all of it is counted by SQLite, so that a million rows stay there."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from klarna_om.batch import schema
from klarna_om.batch.activity import Minute, Window, find_windows, make_stretch
from klarna_om.batch.job_facts import Group, JobFacts, Limit, Stretch


def read_facts(connection: sqlite3.Connection, groups: int, lines: int) -> JobFacts:
    """The facts, with at most so many groups, and lines of each."""
    target, created_at = connection.execute("SELECT target, created_at FROM job").fetchone()
    first, last, requests = connection.execute(schema.FIRST_AND_LAST).fetchone()
    return JobFacts(
        target=target,
        created_at=datetime.fromisoformat(created_at),
        first_call=_moment(first),
        last_result=_moment(last),
        requests=requests,
        groups=_groups(connection, groups, lines),
        durations=connection.execute(schema.DURATIONS).fetchall(),
        stretches=[_stretch(connection, window) for window in find_windows(_minutes(connection))],
        limits=[Limit(datetime.fromisoformat(at), *rates) for at, *rates in connection.execute(schema.LIMITS)],
    )


def _groups(connection: sqlite3.Connection, groups: int, lines: int) -> list[Group]:
    values = {"lines": lines, "limit": groups * lines}
    found: Iterable[Any] = connection.execute(schema.GROUPS, values)
    made: list[Group] = []
    for (outcome, status, error_code, count), members in groupby(found, lambda row: row[:4]):
        made.append(Group(outcome, status, error_code, count, tuple(line for *_, line in members)))
    return made[:groups]


def _minutes(connection: sqlite3.Connection) -> Iterable[Minute]:
    for first, last, requests in connection.execute(schema.MINUTES):
        yield Minute(datetime.fromisoformat(first), datetime.fromisoformat(last), requests)


def _stretch(connection: sqlite3.Connection, window: Window) -> Stretch:
    values = {
        "start": window.start.isoformat(timespec="milliseconds"),
        "end": window.end.isoformat(timespec="milliseconds"),
        "width": window.width,
    }
    return make_stretch(window, connection.execute(schema.BINS, values))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
