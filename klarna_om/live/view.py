"""What the page says, in words: from a board."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from shlex import quote
from uuid import UUID

from attrs import frozen

from klarna_om.batch.page.advice import klarnas_advice, meaning_of
from klarna_om.batch.page.numbers import show_count, show_rate
from klarna_om.batch.what_to_do import WHAT_TO_DO
from klarna_om.live.board import Board
from klarna_om.live.speed import Speed
from klarna_om.live.state import Allowed, Chunk, Item, JobState, State
from klarna_om.settings.environment import known_host

OUTCOMES = ("done", "refused", "unknown", "escalated", "pending")
"""In the order of the bar."""

WHAT_TO_DO_HERE = {
    "escalated": WHAT_TO_DO["escalated"],
    "refused": "correct what Klarna names, then `klarna-om jobs retry JOB --refused{code}`",
    "malformed": "correct the line and submit the manifest again with `--job JOB`",
    "conflict": "give the request a reference of its own, if it is another one, and submit it with `--job JOB`",
}
"""For a job in a database."""

NAMED = 3
"""Jobs or workers that an alert names."""

SUPPORT = "Klarna asks to contact its support: `klarna-om journal export JOB --format html` has a text for it"


@frozen
class JobView:
    """A job, its speed, and who works on it."""

    state: JobState
    speed: Speed | None
    limit: Allowed | None
    published: int | None
    """Requests a second that Klarna publishes for the host, where no limit was recorded."""
    workers: int

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Its rows by outcome, without empty ones."""
        return [(name, count) for name in OUTCOMES if (count := getattr(self.state.totals, name))]

    @property
    def eta(self) -> float | None:
        """Seconds until no row is open, at this speed; None where it is not known."""
        if self.speed is None or not self.speed.settled:
            return None
        return self.state.open / self.speed.settled


@frozen
class WorkerView:
    """The chunks of a job that a worker has, or had when it was lost."""

    worker: UUID
    job: JobState
    chunks: Sequence[Chunk]

    @property
    def seconds(self) -> float:
        """Until the first lease is over."""
        return min(chunk.seconds for chunk in self.chunks)

    @property
    def is_lost(self) -> bool:
        """Is a lease over, and nobody has taken the chunk?"""
        return self.seconds <= 0


@frozen
class Group:
    """What needs a person for the same reason."""

    outcome: str
    status: int | None
    error_code: str | None
    meaning: str
    advice: str
    what_to_do: str
    items: Sequence[Item]
    total: int
    """Of which the items are the latest, as far as it is known."""


@frozen
class View:
    """All that the page shows."""

    board: Board
    state: State
    running: Sequence[JobView]
    finished: Sequence[JobView]
    workers: Sequence[WorkerView]
    groups: Sequence[Group]
    alerts: Sequence[str]

    @property
    def for_a_person(self) -> int:
        """Rows and lines of the shown jobs that nothing settles but a person."""
        totals = [job.totals for job in self.state.jobs]
        return sum(each.refused + each.escalated for each in totals) + sum(self.state.unusable.values())

    @property
    def hidden(self) -> int:
        """Of these, those that are not listed."""
        return self.for_a_person - len(self.state.items)

    @property
    def has_placeholder(self) -> bool:
        """Does a command name no job, as its group has rows of several?"""
        return any(len({item.job for item in group.items}) > 1 for group in self.groups)

    @property
    def verdict(self) -> str:
        """The page in a sentence."""
        if self.board.state is None:
            return "The database is away."
        jobs = _agree(self.state.running, "job runs", "jobs run") if self.state.running else "No job runs"
        rest = _agree(self.for_a_person, "row needs a person", "rows need a person") if self.for_a_person else ""
        return f"{jobs}, {rest}." if rest else f"{jobs}, nothing needs a person."


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
        groups=[_view_group(key, list(items), state) for key, items in groupby(_sorted(state.items), _alike)],
        alerts=list(_alerts(state, running, workers)),
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


def _alerts(state: State, running: Iterable[JobView], workers: Iterable[WorkerView]) -> Iterator[str]:
    # What is unknown may have to wait for hours, and nobody has it meanwhile.
    idle = [view for view in running if not view.workers and view.state.totals.pending]
    if idle:
        pending = _agree(sum(view.state.totals.pending for view in idle), "row waits", "rows wait")
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


def _sorted(items: Iterable[Item]) -> list[Item]:
    """Alike ones together, each group where its first item is."""
    order: dict[tuple[object, ...], int] = {}
    known = list(items)
    for item in known:
        order.setdefault(_alike(item), len(order))
    return sorted(known, key=lambda item: order[_alike(item)])


def _alike(item: Item) -> tuple[str, int | None, str | None]:
    return item.outcome, item.status, item.error_code


def _view_group(key: tuple[str, int | None, str | None], items: Sequence[Item], state: State) -> Group:
    outcome, status, error_code = key
    jobs = {str(item.job) for item in items}
    job = jobs.pop() if len(jobs) == 1 else "JOB"
    code = f" --code {quote(error_code)}" if error_code else ""
    advice = SUPPORT if outcome == "escalated" else klarnas_advice(outcome, status).removesuffix(".")
    counts = {(each.outcome, each.status, each.error_code): each.count for each in state.codes}
    total = counts.get((outcome, status, (error_code or "")[:200]), state.unusable.get(outcome, 0))
    return Group(
        outcome=outcome,
        status=status,
        error_code=error_code,
        meaning=meaning_of(outcome, status, error_code),
        advice=advice.replace("JOB", job),
        what_to_do=WHAT_TO_DO_HERE[outcome].replace("JOB", job).format(code=code),
        items=items,
        total=max(total, len(items)),
    )


def _agree(count: int, one: str, many: str) -> str:
    return f"{show_count(count)} {one if count == 1 else many}"
