"""What somebody should know at once."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from klarna_om.batch.page.numbers import show_rate
from klarna_om.live.state import State
from klarna_om.live.view import JobView, WorkerView, agree

NAMED = 3
"""Jobs or workers that an alert names."""


def find_alerts(state: State, running: Iterable[JobView], workers: Iterable[WorkerView]) -> Iterator[str]:
    """A sentence for each."""
    # What is unknown may have to wait for hours, and nobody has it meanwhile.
    idle = [view for view in running if not view.workers and view.state.totals.pending]
    if idle:
        pending = agree(sum(view.state.totals.pending for view in idle), "row waits", "rows wait")
        jobs = _name("job", (view.state.job for view in idle))
        yield f"No worker has rows of {jobs}, and {pending}."
    lost = list(dict.fromkeys(worker.worker for worker in workers if worker.is_lost))
    if lost:
        verb = "was" if len(lost) == 1 else "were"
        yield (
            f"{_name('Worker', lost)} {verb} lost: another one takes over what is open within 30 seconds, if there is"
            " one."
        )
    for pace in state.paces:
        if pace.held > 0:
            yield "Klarna's rate limit holds all calls for a moment."
        elif pace.allowed.rate < pace.allowed.ceiling:
            yield f"After a 429 the rate is {show_rate(pace.allowed.rate)} requests a second, and grows back."


def _name(kind: str, ids: Iterable[UUID]) -> str:
    """One or several by as much of their ids as tells them from others; of many the first ones."""
    first, *more = [str(each)[:8] for each in ids]
    if not more:
        return f"{kind} {first}"
    rest = f" and {len(more) - NAMED + 1} more" if len(more) >= NAMED else ""
    return f"{kind}s {', '.join([first, *more][:NAMED])}{rest}"
