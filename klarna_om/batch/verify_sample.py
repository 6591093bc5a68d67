"""Which rows of a job are verified: all that were called, or some of them by chance."""

import random
from collections.abc import AsyncGenerator
from typing import Literal

from klarna_om.batch.journal import JournalReader, Line
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals

Sample = int | Literal["all"]
"""How many of the rows that are done or refused are verified. Unknown and escalated ones always are."""

PAGE = 1_000
"""Lines that are read from the journal at once."""

_SETTLED = (State.DONE, State.REFUSED)
_UNCLEAR = (State.UNKNOWN, State.ESCALATED)


def check_sample(sample: object) -> None:
    """Raise `ValueError` for what is no sample."""
    is_number = isinstance(sample, int) and not isinstance(sample, bool) and sample > 0
    if not is_number and sample != "all":
        raise ValueError(f"sample is a number of rows, 1 or more, or 'all', not {sample!r}")


def count_rows(totals: Totals, sample: Sample) -> int:
    """How many rows will be verified."""
    settled = totals.settled if sample == "all" else min(sample, totals.settled)
    return settled + totals.unknown + totals.escalated


async def choose_lines(journal: JournalReader, sample: Sample, seed: int) -> AsyncGenerator[Line, None]:
    """The lines to verify, from one pass over the journal, which keeps no more than the sample in memory.

    First every unknown or escalated one, then the sample by line. Each row that is done or refused has the same chance;
    the same seed chooses the same ones, as long as no other row is settled.
    """
    random_source = random.Random(seed)  # noqa: S311 - a sample, no secret
    chosen: list[Line] = []
    settled = 0
    async for line in _lines(journal):
        if line.outcome in _UNCLEAR or sample == "all":
            yield line
            continue
        settled += 1
        if len(chosen) < sample:
            chosen.append(line)
        elif (place := random_source.randrange(settled)) < sample:
            chosen[place] = line
    for line in sorted(chosen, key=lambda line: line.line):
        yield line


async def _lines(journal: JournalReader) -> AsyncGenerator[Line, None]:
    """The lines whose row was called."""
    after = 0
    while lines := await journal.report_lines(after, PAGE):
        after = lines[-1].line
        for line in lines:
            if line.outcome in _SETTLED or line.outcome in _UNCLEAR:
                yield line
