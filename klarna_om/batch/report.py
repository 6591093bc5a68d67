"""The report: every line of the manifest exactly once, as CSV, or as JSON lines where the file is named `.jsonl`."""

from functools import partial
from pathlib import Path
from typing import IO

from klarna_om.batch.draft import Draft
from klarna_om.batch.journal import JournalReader
from klarna_om.batch.report_lines import FORMS
from klarna_om.batch.threads import run_in_thread

PAGE = 5_000
"""Lines that are read at once."""


class ReportError(Exception):
    """The report cannot be written; the journal is complete."""


async def write_report(journal: JournalReader, path: str | Path) -> None:
    """Write the report; an older one is replaced, in one step, when the new one is complete.

    Raises `OSError`, also for a path that is not a regular file.
    """
    target = Path(path)
    names = await journal.column_names()
    draft = await run_in_thread(lambda: Draft(target))
    try:
        written = FORMS[form_of(target)](draft.file, journal.identity.job_id, names)
        after = 0
        while lines := await journal.report_lines(after, PAGE):
            after = lines[-1].line
            await run_in_thread(partial(written.add, lines))
        await run_in_thread(draft.publish)
    except BaseException:
        await run_in_thread(draft.discard)
        raise


async def write_lines(journal: JournalReader, file: IO[str], form: str) -> None:
    """Write what a report has to a file that is open, in one of `FORMS`."""
    written = FORMS[form](file, journal.identity.job_id, await journal.column_names())
    after = 0
    while lines := await journal.report_lines(after, PAGE):
        after = lines[-1].line
        written.add(lines)


def form_of(path: Path) -> str:
    """The form of a report, by its name."""
    return "jsonl" if path.suffix.lower() in (".jsonl", ".ndjson") else "csv"
