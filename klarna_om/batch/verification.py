"""What a verification has found: for each row what its order shows, and how many agree."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from attrs import define, field, frozen

from klarna_om.batch.verify_sample import Sample

MAX_LISTED = 20
"""Checks of each finding that a verification lists; the rest is counted."""


class Finding(StrEnum):
    """What a read of the order says about a row."""

    AGREES = "agrees"
    """The row is done and the order shows it, or it is refused and the order does not show it."""
    DIFFERS = "differs"
    """The order shows another thing than the journal has; somebody may have changed it since."""
    CANNOT_BE_SEEN = "cannot be seen"
    """The order does not show whether it happened, or not by which write."""
    NOT_READ = "not read"
    """The order could not be read, so nothing is known."""
    SHOWN = "shown"
    """The row is unknown or escalated, and the order shows the write."""
    NOT_SHOWN = "not shown"
    """The row is unknown or escalated, and the order does not show the write."""


LISTED = (Finding.DIFFERS, Finding.SHOWN, Finding.NOT_SHOWN, Finding.NOT_READ)
"""The findings whose rows a person wants to see."""


@frozen
class Check:
    """One row beside its order, as it was read."""

    line: int
    order_id: str
    reference: str | None
    outcome: str
    """The row's state in the journal; a verification never changes it."""
    finding: Finding
    expected: str
    seen: str
    """What the order shows, or why it was not read."""


@frozen
class Verification:
    """The result of a verification."""

    rows: int
    """How many were to be verified: the sample, and every unknown or escalated row."""
    sample: Sample = "all"
    counts: Mapping[Finding, int] = field(factory=dict[Finding, int], kw_only=True)
    listed: tuple[Check, ...] = field(default=(), kw_only=True)
    """The first checks of each finding in `LISTED`."""
    seed: int | None = field(default=None, kw_only=True)
    """Chooses the same rows again; None where all were verified."""
    stopped_by: str = field(default="", kw_only=True)
    """Why it ended before all rows were verified."""

    @property
    def verified(self) -> int:
        """How many rows have a finding."""
        return sum(self.counts.values())

    @property
    def is_confirmed(self) -> bool:
        """Is there nothing that a person must look at, and nothing left to read?"""
        return not self.stopped_by and not any(self.counts.get(finding) for finding in LISTED)

    def __str__(self) -> str:
        counts = {
            "agree": self.counts.get(Finding.AGREES, 0),
            "differ": self.counts.get(Finding.DIFFERS, 0),
            "cannot be seen": self.counts.get(Finding.CANNOT_BE_SEEN, 0),
            "not read": self.counts.get(Finding.NOT_READ, 0),
            "unknown and shown": self.counts.get(Finding.SHOWN, 0),
            "unknown and not shown": self.counts.get(Finding.NOT_SHOWN, 0),
        }
        always = ("agree", "differ")
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count or name in always)


@define(eq=False)
class Tally:
    """Counts checks while they are made."""

    counts: Counter[Finding] = field(factory=Counter[Finding])
    listed: list[Check] = field(factory=list[Check])

    def add(self, check: Check) -> None:
        """Count one more, and keep it where a person wants to see it."""
        self.counts[check.finding] += 1
        if check.finding in LISTED and self.counts[check.finding] <= MAX_LISTED:
            self.listed.append(check)
