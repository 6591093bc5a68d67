"""The progress of a job in words, as many as fit."""

from collections.abc import Iterator

from klarna_om.batch.totals import Pause, Progress


def format_progress(progress: Progress) -> str:
    """Progress in one line: a pause first, then the counts, and the rate once it is measured."""
    parts = [_count_all(progress, "done", "refused", "unknown", "pending")]
    if progress.pause is not None:
        parts.insert(0, format_pause(progress.pause))
    else:
        parts += filter(None, (_speed(progress),))
    return "; ".join(parts)


def format_pause(pause: Pause) -> str:
    """Why a job is paused, and when it tries again."""
    seconds = round(pause.next_try_in)
    return f"paused: {pause.cause}; {f'next try in {seconds} s' if seconds else 'trying again now'}"


def fit_progress(progress: Progress, width: int) -> str:
    """The counts, rate and time left in at most `width` columns, if they fit in any form; the shortest otherwise."""
    *forms, shortest = _forms(progress)
    return next((form for form in forms if len(form) <= width), shortest)


def _forms(progress: Progress) -> Iterator[str]:
    """From the longest to the shortest. What is pending is left out: the bar and the total show it."""
    counts = _count_all(progress, "done", "refused", "unknown")
    speed = "" if progress.is_paused else _speed(progress)
    left = "" if progress.is_paused else _time_left(progress)
    yield "; ".join(filter(None, (counts, speed)))
    yield "; ".join(filter(None, (counts, left)))
    yield "; ".join(filter(None, (_count_all(progress, "refused", "unknown"), left)))
    yield "; ".join(filter(None, (_settled(progress), left)))
    yield _settled(progress)


def _settled(progress: Progress) -> str:
    return f"{progress.totals.settled} of {progress.totals.orders} orders"


def _count_all(progress: Progress, *names: str) -> str:
    """The settled orders, and the counts of these names that are not zero."""
    counts = ", ".join(f"{count} {name}" for name in names if (count := getattr(progress.totals, name)))
    return f"{_settled(progress)}: {counts}" if counts else _settled(progress)


def _speed(progress: Progress) -> str:
    rate = "" if progress.rate is None else f"{_format_rate(progress.rate)}/s"
    return ", ".join(filter(None, (rate, _time_left(progress))))


def _format_rate(rate: float) -> str:
    """A slow job is not shown as one that stands still."""
    return f"{rate:.0f}" if rate >= 1 or not rate else f"{rate:.2g}"


def _time_left(progress: Progress) -> str:
    return f"{_format_duration(progress.eta)} left" if progress.eta else ""


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
