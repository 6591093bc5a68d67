"""What the page says, in words: from the facts of a job."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote

import msgspec
from attrs import frozen

from klarna_om.batch.job_facts import Group, JobFacts
from klarna_om.batch.journal import Identity, JournalReader, Line
from klarna_om.batch.page.advice import klarnas_advice, meaning_of
from klarna_om.batch.page.numbers import show_count
from klarna_om.batch.support_text import support_text
from klarna_om.batch.totals import Totals
from klarna_om.batch.what_to_do import WHAT_TO_DO

GROUPS = 20
"""That are shown of what ended alike."""

LINES = 20
"""That are shown of a group."""

MOST_IN_A_CELL = 80
"""Characters of a value of the shop's own."""

ORDER = ("escalated", "refused", "malformed", "conflict", "unknown")
"""What is the most urgent comes first."""


@frozen
class GroupView:
    """Rows that ended alike, and what to do about them."""

    group: Group
    meaning: str
    advice: str
    what_to_do: str
    lines: Sequence[Line]
    command: str
    """That lists all of them."""

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.group.count - len(self.lines)


@frozen
class View:
    """All that the page shows."""

    identity: Identity
    facts: JobFacts
    totals: Totals
    now: datetime
    due: datetime | None
    groups: Sequence[GroupView]
    support: str

    @property
    def hidden(self) -> int:
        """Rows and lines of the groups that are not shown."""
        totals = self.totals
        all_of_them = totals.refused + totals.unknown + totals.escalated + totals.unusable
        return all_of_them - sum(shown.group.count for shown in self.groups)

    @property
    def for_a_person(self) -> int:
        """Rows and lines that no further run settles."""
        return self.totals.escalated + self.totals.refused + self.totals.unusable

    @property
    def for_the_next_run(self) -> int:
        """Rows that the same command calls again."""
        return self.totals.unknown + self.totals.pending

    @property
    def verdict(self) -> str:
        """The whole job in a sentence."""
        totals = self.totals
        if not totals.orders:
            return "No row could be called."
        if totals.done == totals.orders and not self.for_a_person:
            return "Everything is done." if totals.done > 1 else "The one row is done."
        parts = [f"{show_count(totals.done)} of {show_count(totals.orders)} rows are done"]
        if self.for_a_person:
            parts.append(_agree(self.for_a_person, "needs a person", "need a person"))
        if self.for_the_next_run:
            parts.append(_agree(self.for_the_next_run, "is for the next run", "are for the next run"))
        return ", ".join(parts) + "."


async def read_view(journal: JournalReader, now: datetime) -> View:
    """Ask a journal for all that the page shows."""
    facts = await journal.facts(GROUPS, LINES)
    groups = [await _view_group(journal, group) for group in facts.groups]
    groups.sort(key=lambda shown: ORDER.index(shown.group.outcome))
    totals = await journal.counts()
    escalated = [line for shown in groups if shown.group.outcome == "escalated" for line in shown.lines]
    operation = journal.identity.operation
    return View(
        identity=journal.identity,
        facts=facts,
        totals=totals,
        now=now,
        due=await journal.next_due(1, await journal.last_row(), now),
        groups=groups,
        support=support_text(operation, facts.target, escalated, totals.escalated) if escalated else "",
    )


async def _view_group(journal: JournalReader, group: Group) -> GroupView:
    lines = [line for number in group.lines for line in await journal.report_lines(number - 1, 1)]
    code = f" --code {quote(group.error_code)}" if group.error_code else ""
    return GroupView(
        group=group,
        meaning=meaning_of(group.outcome, group.status, group.error_code),
        advice=klarnas_advice(group.outcome, group.status),
        what_to_do=WHAT_TO_DO[group.outcome],
        lines=lines,
        command=f"klarna-om journal list JOURNAL --state {group.outcome}{code}",
    )


def _agree(count: int, one: str, many: str) -> str:
    return f"{show_count(count)} {one if count == 1 else many}"


def show_columns(columns: Mapping[str, object]) -> list[tuple[str, str]]:
    """The shop's own columns, each with a value of a moderate length."""
    return [(name, _shorten(_text(value))) for name, value in columns.items() if value not in (None, "")]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _shorten(text: str) -> str:
    return text if len(text) <= MOST_IN_A_CELL else text[: MOST_IN_A_CELL - 1] + "\u2026"
