"""Which job does a report belong to? The report of another job is never replaced.

Each line that was sent has its idempotency key, which only its own job can derive.
"""

import csv
from pathlib import Path

from klarna_om.batch.output_file import find_problem
from klarna_om.batch.report import COLUMNS, ReportError
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.threads import run_in_thread
from klarna_om.ids import is_uuid


async def check_report(journal: SqliteJournal, path: Path) -> None:
    """Raise `ReportError` unless the journal's report may be written to this path."""
    if (problem := find_problem(path)) is not None:
        raise ReportError(f"the report cannot be written: {problem}")
    found = await run_in_thread(lambda: _first_sent_line(path))
    if found is None:
        return
    order_id, key = found
    keys = await journal.keys_for(order_id)
    if keys is None or (key and key not in keys):
        raise _not_ours(path)


def _first_sent_line(path: Path) -> tuple[str, str] | None:
    """Order id and key of the first line that was sent, else of the first order; None where there is no order."""
    if not path.exists() or not path.stat().st_size:
        return None
    first = None
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        try:
            if tuple(next(rows, ())) != COLUMNS:
                raise _not_ours(path)
            for row in rows:
                order_id, key = row[_ORDER_ID], row[_KEY]
                if is_uuid(order_id) and key:
                    return order_id, key
                if is_uuid(order_id):
                    first = first or (order_id, key)
        except (csv.Error, IndexError) as reason:
            raise _not_ours(path) from reason
    return first


_ORDER_ID, _KEY = COLUMNS.index("order_id"), COLUMNS.index("idempotency_key")


def _not_ours(path: Path) -> ReportError:
    return ReportError(
        f"{path} exists and is not the report of this job: move it away, or name another file with --report"
    )
