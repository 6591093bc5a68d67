"""Whose report is this? A report of another job is never replaced.

A report needs no mark for it: each line that was sent has its idempotency key, which only its job can derive.
"""

import csv
from pathlib import Path

from klarna_om.batch.entry import is_order_id
from klarna_om.batch.output_file import not_regular
from klarna_om.batch.report import COLUMNS, ReportError
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.threads import in_thread


async def check_report(journal: SqliteJournal, path: Path) -> None:
    """Raise `ReportError` unless the journal's report may be written to this path."""
    if (problem := not_regular(path)) is not None:
        raise ReportError(f"no report can be there: {problem}")
    found = await in_thread(lambda: _telling_line(path))
    if found is None:
        return
    order_id, key = found
    keys = await journal.keys_of(order_id)
    if keys is None or (key and key not in keys):
        raise _foreign(path)


def _telling_line(path: Path) -> tuple[str, str] | None:
    """Order id and key of the first line that was sent, else of the first order; None where there is no order."""
    if not path.exists() or not path.stat().st_size:
        return None
    first = None
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        try:
            if tuple(next(rows, ())) != COLUMNS:
                raise _foreign(path)
            for row in rows:
                order_id, key = row[_ORDER_ID], row[_KEY]
                if is_order_id(order_id) and key:
                    return order_id, key
                if is_order_id(order_id):
                    first = first or (order_id, key)
        except (csv.Error, IndexError) as reason:
            raise _foreign(path) from reason
    return first


_ORDER_ID, _KEY = COLUMNS.index("order_id"), COLUMNS.index("idempotency_key")


def _foreign(path: Path) -> ReportError:
    return ReportError(
        f"{path} exists and is not the report of this job: move it away, or name another file with --report"
    )
