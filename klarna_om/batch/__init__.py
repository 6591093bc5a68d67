"""Many calls that survive a crash: a job is one operation over the rows of a manifest, recorded in a journal.

from klarna_om.batch import acknowledge_all

summary = await acknowledge_all(klarna, order_ids, journal="acknowledge.journal")
print(summary.totals)
"""

from klarna_om.batch.acknowledge import acknowledge_all
from klarna_om.batch.calls import Sender, SendResult
from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.batch.job import Job, run
from klarna_om.batch.journal import Journal, JournalError, JournalInUseError, JournalMismatchError, Line, Row
from klarna_om.batch.page.write import write_page
from klarna_om.batch.report import write_report
from klarna_om.batch.rows import Item
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired, State
from klarna_om.batch.stop import Stop
from klarna_om.batch.time_limit import TimeLimit
from klarna_om.batch.totals import Progress, Summary, Totals
from klarna_om.batch.verification import Check, Finding, Verification
from klarna_om.batch.verify_journal import verify

__all__ = [
    "BatchStopped",
    "Check",
    "Entry",
    "Finding",
    "Item",
    "Job",
    "Journal",
    "JournalError",
    "JournalInUseError",
    "JournalMismatchError",
    "Line",
    "OnExpired",
    "Problem",
    "Progress",
    "Row",
    "SendResult",
    "Sender",
    "SqliteJournal",
    "State",
    "Stop",
    "Summary",
    "TimeLimit",
    "Totals",
    "Verification",
    "acknowledge_all",
    "run",
    "verify",
    "write_page",
    "write_report",
]
