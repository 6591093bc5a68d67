"""How many rows may fail before a run stops."""

import re
from math import isfinite

from attrs import frozen

from klarna_om.batch.totals import Totals

MIN_ROWS = 100
"""Rows that have been tried before a share of them counts: of the first three, one is already a third."""

_form = re.compile(r"(?P<number>\d+|\d*\.\d+(?=%))(?P<percent>%?)")

EXPECTED = "a whole number of rows from 1 on, such as 100, or a share of the rows that were tried, such as 5%"


@frozen
class FailureLimit:
    """The run stops when so many of its rows have failed: are refused, unknown or escalated."""

    number: float
    is_percent: bool = False

    def is_reached(self, before: Totals, now: Totals) -> bool:
        """Have too many rows failed, of those that a run found `before`?"""
        failed = failures_since(before, now)
        if not self.is_percent:
            return failed >= self.number
        tried = now.settled - before.settled + now.escalated - before.escalated + max(now.unknown - before.unknown, 0)
        return tried >= MIN_ROWS and 100 * failed >= self.number * tried

    def __str__(self) -> str:
        return f"{self.number:g}{'%' * self.is_percent}"


def parse_failure_limit(text: object) -> FailureLimit:
    """Read `100` or `5%`; raises `ValueError` for anything else."""
    found = None if isinstance(text, bool | float) else _form.fullmatch(str(text))
    if found is not None:
        limit = FailureLimit(float(found["number"]), bool(found["percent"]))
        if limit.number > 0 and isfinite(limit.number) and (limit.number <= 100 or not limit.is_percent):
            return limit
    raise ValueError(f"max_failures={text!r}: give {EXPECTED}")


def failures_since(before: Totals, now: Totals) -> int:
    """How many rows have failed meanwhile; one that was unknown before and is still, has not failed again."""
    return now.refused - before.refused + now.escalated - before.escalated + max(now.unknown - before.unknown, 0)
