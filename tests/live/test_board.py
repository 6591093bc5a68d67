"""One reading for all who look, none while nobody does, and an outage is shown and survived."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from attrs import define, field

from klarna_om.batch.journal import JournalError
from klarna_om.live.board import Board, Boards
from klarna_om.live.state import State
from tests.batch.jobs import START, Time
from tests.live.jobs import JOB, job_state


@define
class Source:
    """Answers each reading with the next of these; a reading takes some time."""

    time: Time = field(factory=Time)
    answers: list[State | Exception] = field(factory=list[State | Exception])
    count: int = 0
    takes: float = 0.0

    async def read(self) -> State:
        self.count += 1
        self.time.seconds += self.takes
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def source() -> Source:
    return Source(answers=[State(all_jobs=1)])


def make_boards(source: Source, sleep: Callable[[float], Awaitable[object]] | None = None, **more: object) -> Boards:
    time = source.time
    return Boards(source.read, sleep=sleep or time.sleep, clock=time.monotonic, now=time.now, **more)  # type: ignore[arg-type]


async def test_all_who_look_share_the_readings(source: Source) -> None:
    boards = make_boards(source, lambda _: asyncio.Event().wait())

    with boards.watch(), boards.watch():
        found = await asyncio.gather(*(boards.next(None) for _ in range(10)), boards.current())

    assert {id(board) for board in found} == {id(found[0])}
    assert source.count == 1


async def test_the_next_board_is_another_one(source: Source) -> None:
    source.answers = [State(all_jobs=1), State(all_jobs=2)]
    boards = make_boards(source)

    with boards.watch():
        first = await boards.next(None)
        second = await boards.next(first)

    assert first is not None
    assert second is not None
    assert (first.state, second.state) == (State(all_jobs=1), State(all_jobs=2))
    assert source.time.slept[0] == 1.0


async def test_nothing_is_read_once_nobody_looks(source: Source) -> None:
    boards = make_boards(source)
    with boards.watch():
        await boards.next(None)
    await asyncio.sleep(0)  # the cancelled task ends
    count = source.count

    for _ in range(10):
        await asyncio.sleep(0)

    assert source.count == count
    assert len(asyncio.all_tasks()) == 1


async def test_closing_ends_the_reading_also_while_somebody_watches(source: Source) -> None:
    boards = make_boards(source)

    with boards.watch():
        await boards.next(None)
        await boards.close()

        assert len(asyncio.all_tasks()) == 1


async def test_who_comes_right_after_the_last_one_left_is_served(source: Source) -> None:
    boards = make_boards(source)
    with boards.watch():
        seen = await boards.next(None)

    with boards.watch():
        assert await boards.next(seen) is not seen


async def test_a_page_that_is_loaded_within_a_second_costs_no_reading(source: Source) -> None:
    boards = make_boards(source)

    first = await boards.current()
    source.time.seconds += 0.9
    second = await boards.current()
    source.time.seconds += 0.2
    third = await boards.current()

    assert (first is second, second is third, source.count) == (True, False, 2)


async def test_slow_readings_are_made_less_often(source: Source) -> None:
    source.takes = 0.5
    boards = make_boards(source)

    with boards.watch():
        await boards.next(await boards.next(None))

    assert source.time.slept[0] == 5.0


async def test_an_outage_keeps_the_last_state_and_its_beginning(source: Source) -> None:
    away = JournalError("away")
    source.answers = [State(all_jobs=1), away, away, State(all_jobs=2)]
    changes: list[Board] = []
    boards = make_boards(source, on_change=changes.append)

    with boards.watch():
        found = [await boards.next(None)]
        for _ in range(3):
            found.append(await boards.next(found[-1]))

    _, second, third, fourth = [board or Board() for board in found]
    assert (second.state, second.away_since, second.reason) == (State(all_jobs=1), START + timedelta(seconds=1), "away")
    assert (third.away_since, third.read_at) == (START + timedelta(seconds=1), START)
    assert (fourth.state, fourth.away_since) == (State(all_jobs=2), None)
    assert changes == [second, fourth]


async def test_a_database_that_was_never_there_is_a_board_too(source: Source) -> None:
    source.answers = [JournalError("away")]
    boards = make_boards(source)

    with boards.watch():
        board = await boards.next(None)

    assert board is not None
    assert (board.state, board.away_since) == (None, START)


async def test_a_mistake_in_reading_reaches_all_who_wait(source: Source) -> None:
    source.answers = [ValueError("a mistake")]
    boards = make_boards(source)

    with boards.watch():
        found = await asyncio.gather(boards.next(None), boards.next(None), return_exceptions=True)

    assert [str(each) for each in found] == ["a mistake"] * 2


async def test_at_the_end_nobody_waits_any_more(source: Source) -> None:
    boards = make_boards(source, lambda _: asyncio.Event().wait())

    with boards.watch():
        waiting = asyncio.create_task(boards.next(await boards.next(None)))
        await asyncio.sleep(0)
        boards.end()

        assert await waiting is None
        assert await boards.next(None) is None


async def test_speeds_are_those_between_readings(source: Source) -> None:
    source.answers = [State(jobs=[job_state()]), State(jobs=[job_state(settled=5, requests=10)])]
    source.takes = 0.25
    boards = make_boards(source)

    await boards.current()
    source.time.seconds += 4.75
    board = await boards.current()

    assert (board.speeds[JOB].requests, board.speeds[JOB].settled) == (2.0, 1.0)
