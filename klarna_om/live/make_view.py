"""The view of a board."""

from collections.abc import Iterator
from itertools import groupby

from klarna_om.live.alerts import find_alerts
from klarna_om.live.board import Board
from klarna_om.live.groups import make_groups
from klarna_om.live.state import Allowed, JobState, State
from klarna_om.live.view import JobView, View, WorkerView
from klarna_om.settings.environment import known_host


def make_view(board: Board) -> View:
    """The view of a board."""
    state = board.state or State()
    shared = state.paces[0].allowed if len(state.paces) == 1 else None
    views = [_view_job(job, board, shared) for job in state.jobs]
    running = [view for view in views if view.state.open]
    workers = list(_view_workers(state))
    return View(
        board=board,
        state=state,
        running=running,
        finished=[view for view in views if not view.state.open],
        workers=workers,
        groups=make_groups(state),
        alerts=list(find_alerts(state, running, workers)),
    )


def _view_job(job: JobState, board: Board, shared: Allowed | None) -> JobView:
    host = known_host(job.target) if job.target else None
    chunks = (board.state or State()).chunks
    alive = {chunk.worker for chunk in chunks if chunk.job == job.job and chunk.seconds > 0}
    return JobView(job, board.speeds.get(job.job), shared or job.limit, host.limit if host else None, len(alive))


def _view_workers(state: State) -> Iterator[WorkerView]:
    jobs = {job.job: job for job in state.jobs}
    chunks = sorted(state.chunks, key=lambda chunk: (str(chunk.worker), str(chunk.job), chunk.number))
    found = [
        WorkerView(worker, jobs[job], list(group))
        for (worker, job), group in groupby(chunks, lambda chunk: (chunk.worker, chunk.job))
    ]
    yield from sorted(found, key=lambda each: not each.is_lost)
