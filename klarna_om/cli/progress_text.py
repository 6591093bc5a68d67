"""The progress of a job in words, as many as fit."""

from collections.abc import Iterable, Iterator

from klarna_om.batch.totals import Pause, Progress
from klarna_om.cli.printable import printable


def format_progress(progress: Progress, limit: float | None) -> str:
    """Progress in one line: a pause first, then the counts, and the rate once it is measured."""
    parts = [_count_all(progress, "done", "refused", "unknown", "escalated", "pending")]
    if progress.pause is not None:
        parts.insert(0, format_pause(progress.pause))
    elif speed := next(_speeds(progress, limit)):
        parts.append(speed)
    return "; ".join(parts)


def format_pause(pause: Pause) -> str:
    """Why a job is paused, and when it tries again."""
    seconds = round(pause.next_try_in)
    return f"paused: {printable(pause.cause)}; {f'next try in {seconds} s' if seconds else 'trying again now'}"


def fit_counts(progress: Progress, width: int) -> str:
    """The counts in at most `width` columns, if they fit in any form; the shortest otherwise."""
    return _longest(_counts(progress), width)


def fit_speed(progress: Progress, limit: float | None, width: int) -> str:
    """The rate, its limit and the time left, as far as they are known and fit."""
    return "" if progress.is_paused else _longest(_speeds(progress, limit), width)


def _longest(forms: Iterable[str], width: int) -> str:
    *longer, shortest = forms
    return next((form for form in longer if len(form) <= width), shortest)


def _counts(progress: Progress) -> Iterator[str]:
    """From the longest to the shortest. What is pending is left out: the bar and the total show it."""
    yield _count_all(progress, "done", "refused", "unknown", "escalated")
    yield _count_all(progress, "refused", "unknown", "escalated")
    yield _settled(progress)


def _speeds(progress: Progress, limit: float | None) -> Iterator[str]:
    """From the longest to the shortest. How long it takes matters most."""
    rate = "" if progress.rate is None else f"{_format_rate(progress.rate)}/s"
    most = "" if limit is None else f"limit {_format_rate(limit)}/s"
    left = f"{_format_duration(progress.eta)} left" if progress.eta else ""
    for parts in ((rate, most, left), (rate, left), (left,)):
        yield ", ".join(filter(None, parts))


def _settled(progress: Progress) -> str:
    return f"{progress.totals.settled} of {progress.totals.orders} orders"


def _count_all(progress: Progress, *names: str) -> str:
    """The settled orders, and the counts of these names that are not zero."""
    counts = ", ".join(f"{count} {name}" for name in names if (count := getattr(progress.totals, name)))
    return f"{_settled(progress)}: {counts}" if counts else _settled(progress)


def _format_rate(rate: float) -> str:
    """A slow job is not shown as one that stands still."""
    return f"{rate:.0f}" if rate >= 1 or not rate else f"{rate:.2g}"


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
