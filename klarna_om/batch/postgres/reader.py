"""What a job's journal in PostgreSQL says, also while the job runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from klarna_om.batch.job_facts import JobFacts
from klarna_om.batch.journal import Identity, JournalError, Line, Row
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.binding import check_host
from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.postgres.facts import read_facts
from klarna_om.batch.postgres.lines import line_of, totals_of
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals


class PostgresReader:
    """Reads the journal of one job; nothing is written."""

    def __init__(self, database: Database, identity: Identity, *, use_database_clock: bool = True) -> None:
        self._database = database
        self._use_database_clock = use_database_clock
        self._identity = identity
        self._job = {"job": UUID(identity.job_id)}

    @property
    def identity(self) -> Identity:
        """Which job this is."""
        return self._identity

    async def last_row(self) -> int:
        """The highest row there is."""
        ((row,),) = await self._fetch(statements.LAST_ROW)
        return int(row)

    async def unsettled_rows(self, state: State, low: int, high: int, limit: int) -> list[Row]:
        """The first rows from `low` to `high` in this state that the current manifest names."""
        query = statements.UNSETTLED_ROWS.format(state=state.value)
        found = await self._fetch(query, low=low, high=high, limit=limit)
        return [Row(row, order_id, state, *more) for row, order_id, *more in found]

    async def column_names(self) -> list[str]:
        """The names of the manifest's other columns, in its order."""
        ((names,),) = await self._fetch(statements.COLUMN_NAMES)
        return list(names)

    async def counts(self) -> Totals:
        """The current manifest in numbers."""
        states = await self._fetch(statements.COUNT_STATES)
        return totals_of(dict(states), dict(await self._fetch(statements.COUNT_PROBLEMS)))

    async def facts(self, groups: int, lines: int) -> JobFacts:
        """The job in numbers, with at most so many groups of what needs somebody, and first lines of each."""
        return await self._database.run_long(lambda connection: read_facts(connection, self._job, groups, lines))

    async def next_due(self, low: int, high: int, now: datetime) -> datetime | None:
        """When the next of the unknown rows from `low` to `high` that are postponed is due, on the clock of `now`."""
        judged_at = None if self._use_database_clock else now
        ((delay,),) = await self._fetch(statements.NEXT_DUE, low=low, high=high, now=judged_at)
        return None if delay is None else now + delay

    async def check_host(self, target: str) -> None:
        """Raise `JournalMismatchError` where the calls went to another host."""
        check_host(await read_target(self._database, self._job["job"]), target)

    async def last_result_at(self) -> datetime | None:
        """When the latest result of the current manifest was recorded."""
        ((moment,),) = await self._fetch(statements.LAST_RESULT_AT)
        latest: datetime | None = moment
        return latest

    async def find_lines(self, text: str) -> list[Line]:
        """The lines of the current manifest with this order id, reference, or value of a column of the shop's."""
        return await self._lines(statements.FIND_LINES, text=text.strip())

    async def select_lines(self, outcomes: Sequence[str], limit: int, code: str | None = None) -> list[Line]:
        """The first lines of the current manifest with one of these outcomes, and this error code."""
        return await self._lines(statements.SELECT_LINES, outcomes=list(outcomes), limit=limit, code=code)

    async def report_lines(self, after: int, limit: int) -> list[Line]:
        """The lines of the current manifest that follow line `after`, each once."""
        return await self._lines(statements.REPORT_LINES, after=after, limit=limit)

    async def _lines(self, query: str, **values: Any) -> list[Line]:
        return [line_of(found) for found in await self._fetch(query, **values)]

    async def _fetch(self, query: str, **values: Any) -> list[Any]:
        """All rows of a query, or of a statement that returns some."""

        async def fetch(connection: Connection) -> list[Any]:
            return await (await connection.execute(query.encode(), {**self._job, **values})).fetchall()

        return await self._database.run(fetch)


async def read_identity(database: Database, job_id: UUID) -> Identity:
    """The identity of a job that exists; raises `JournalError` for any other."""

    async def read(connection: Connection) -> Any:
        return await (await connection.execute(statements.READ_JOB.encode(), {"job": job_id})).fetchone()

    if (found := await database.run(read)) is None:
        raise JournalError(f"this database has no job {job_id}: `klarna-om jobs` lists those it has")
    return Identity(str(job_id), *found)


async def read_target(database: Database, job_id: UUID) -> str:
    """Where the calls of a job go; empty until it is bound."""

    async def read(connection: Connection) -> str:
        ((target,),) = await (await connection.execute(statements.READ_TARGET.encode(), {"job": job_id})).fetchall()
        return str(target)

    return await database.run(read)
