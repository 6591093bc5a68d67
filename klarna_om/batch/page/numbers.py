"""Numbers for people, and what a distribution says."""

import math
from collections.abc import Sequence

Distribution = Sequence[tuple[int, int]]
"""Values in ascending order, and how often each is there."""

NARROW = 1.1
"""The greatest value by the least, below which a distribution is one bar."""

_UNITS = ((3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def show_count(count: int) -> str:
    """With thin spaces between thousands, as in every country."""
    return f"{count:,}".replace(",", "\u202f")


def show_rate(rate: float) -> str:
    """A rate to three digits."""
    return f"{rate:.3g}" if rate < 1_000 else show_count(round(rate))


def show_duration(milliseconds: float) -> str:
    """To three digits, in the unit that is easiest to read."""
    for size, unit in _UNITS:
        if milliseconds >= size:
            return f"{milliseconds / size:.3g} {unit}"
    return f"{milliseconds:.0f} ms"


def show_share(count: int, total: int) -> str:
    """Per cent; never 100 % for less than all, nor 0 % for more than none."""
    if count in (0, total):
        return "100 %" if count else "0 %"
    share = 100 * count / total
    return "< 0.1 %" if share < 0.1 else "> 99.9 %" if share > 99.9 else f"{share:.1f} %"


def percentile(values: Distribution, share: float) -> int:
    """The least value that `share` of all are not above."""
    wanted = math.ceil(share * sum(count for _, count in values))
    for value, count in values:
        wanted -= count
        if wanted <= 0:
            return value
    raise ValueError("no values")


def histogram(values: Distribution, bins: int) -> tuple[list[int], list[int]]:
    """Edges that grow by a factor, one more than bins, and the counts between them."""
    least, most = max(values[0][0], 1), max(values[-1][0], 1)
    ratio = (most + 1) / least
    if ratio < NARROW:
        return [least, round(least * NARROW) + 1], [sum(count for _, count in values)]
    # Whole numbers, as the values are: narrower bins would be empty in turns.
    edges = sorted({round(least * ratio ** (number / bins)) for number in range(bins + 1)})
    counts = [0] * (len(edges) - 1)
    number = 0
    for value, count in values:
        while max(value, 1) >= edges[number + 1]:
            number += 1
        counts[number] += count
    return edges, counts
