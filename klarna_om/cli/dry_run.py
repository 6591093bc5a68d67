"""`--dry-run`: read the manifest and a copy of the journal, connect to nothing, and write nothing."""

from collections.abc import Iterator

from klarna_om.batch.entry import Entry
from klarna_om.batch.manifest import read_chunks
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.totals import Summary
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.execute import check_outputs
from klarna_om.cli.run import RunResult


async def dry_run(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    """What would be done."""
    async with SqliteJournal.open_copy(settings.journal, settings.operation) as journal:
        await check_outputs(journal, settings)
        await journal.load(read_chunks(lines))
        problems = await journal.select_lines(("malformed", "conflict"), settings.shown_problems)
        return RunResult(Summary(journal.identity.job_id, await journal.counts()), problems=tuple(problems))
