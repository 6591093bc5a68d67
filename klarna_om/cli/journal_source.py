"""The journal that a command names: a file, or a job of the database that `--dsn` names."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union
from uuid import UUID

import click
from click.shell_completion import CompletionItem

from klarna_om.batch.journal import JournalError
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.cli.dsn_option import HELP, VARIABLE

if TYPE_CHECKING:
    from klarna_om.batch.postgres.reader import PostgresReader

F = TypeVar("F", bound=Callable[..., Any])

Reader = Union[SqliteJournal, "PostgresReader"]


class JournalName(click.ParamType[UUID | Path]):
    """A file that exists, or the id of a job."""

    name = "journal"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> UUID | Path:
        """A UUID is a job, unless there is such a file."""
        try:
            if not Path(value).exists():
                return UUID(value)
        except ValueError:
            pass
        path: Path = click.Path(exists=True, dir_okay=False, path_type=Path).convert(value, param, ctx)
        return path

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The shell completes files."""
        return click.Path().shell_complete(ctx, param, incomplete)


def journal_argument(function: F) -> F:
    """JOURNAL is a file, or a job of the database that --dsn names."""
    dsn = click.option("--dsn", envvar=VARIABLE, help=f"The database of JOURNAL, where that is a job's id. {HELP}")
    return click.argument("journal", type=JournalName())(dsn(function))


@asynccontextmanager
async def open_reader(journal: UUID | Path, dsn: str | None) -> AsyncGenerator[Reader, None]:
    """Open a journal to read it."""
    if isinstance(journal, Path):
        async with SqliteJournal.open_to_read(journal) as file:
            yield file
        return
    if dsn is None:
        raise JournalError(f"{journal} is the id of a job: name its database with --dsn or {VARIABLE}")
    from klarna_om.batch.postgres import PostgresJournal

    async with PostgresJournal.open_to_read(dsn, journal) as reader:
        yield reader
