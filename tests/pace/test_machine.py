"""The pace of one machine: one file for all processes, whatever becomes of them or of the file."""

import asyncio
import logging
import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from klarna_om.pace.machine import MachinePacer
from klarna_om.pace.machine_file import CELLS, MachineFile
from tests.pace.machine_user import LIMIT as FAST
from tests.pace.machine_user import NOW, count_at_once
from tests.pace.scenario import LIMIT, answer, quota
from tests.support.time import Clock, longest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pace"


def user(path: Path, clock: Clock, *, limit: float = LIMIT, highest: float | None = None) -> MachinePacer:
    """A process that uses the pace, at 100 requests a second where no `limit` is given."""
    return MachinePacer(path, limit, highest=highest, clock=clock, uniform=longest)


def start(path: Path, what: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.pace.machine_user", str(path), what]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def holder(path: Path) -> "Iterator[subprocess.Popen[str]]":
    """Another process that has the lock."""
    with start(path, "hold_the_lock") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()


def count_together(users: list[MachinePacer], clock: Clock, seconds: float) -> int:
    """How many slots hungry users get together, each asking every millisecond."""
    count = 0
    for _ in range(round(seconds * 1000)):
        count += sum(one.try_acquire("batch") for one in users)
        clock.now += 0.001
    return count


def test_the_rate_of_all_users_is_that_of_one(path: Path, clock: Clock) -> None:
    users = [user(path, clock) for _ in range(4)]
    count_together(users, clock, 1)

    assert count_together(users, clock, 10) == pytest.approx(1000, abs=5)


async def test_a_slot_ahead_is_used_at_its_own_instant(path: Path, clock: Clock) -> None:
    one, other = user(path, clock), user(path, clock)
    count_together([one], clock, 1)
    waiting = asyncio.create_task(one.acquire("batch"))
    await asyncio.sleep(0)

    milliseconds = 0
    while not other.try_acquire("batch"):
        clock.now += 0.001
        milliseconds += 1
    await waiting

    assert 10 < milliseconds <= 20  # the first slot, up to 10 ms ahead, was one's


async def test_a_429_makes_slots_that_are_planned_void(path: Path, clock: Clock) -> None:
    one, other = user(path, clock), user(path, clock)
    count_together([one], clock, 1)
    waiting = asyncio.create_task(one.acquire("batch"))
    await asyncio.sleep(0)

    other.observe(quota("100, 100;w=1", "0", "2", status=429))
    clock.now += 0.02
    await asyncio.sleep(0.05)

    assert not waiting.done()
    waiting.cancel()


def test_a_user_may_have_a_lower_rate_of_its_own(path: Path, clock: Clock) -> None:
    slow, other = user(path, clock, highest=20), user(path, clock)
    count_together([slow], clock, 1)

    assert count_together([slow], clock, 10) == pytest.approx(200, abs=2)
    assert count_together([slow, other], clock, 10) == pytest.approx(1000, abs=5)


def write_cells(path: Path, **cells: float) -> None:
    """Overwrite numbers; `c3` is the fourth."""
    file = MachineFile(path)
    for name, number in cells.items():
        file.cells[int(name[1:])] = number


@pytest.mark.parametrize("number", [math.nan, -math.inf, 1e6, 0.0])
def test_numbers_that_cannot_be_do_not_stop_or_hasten_anybody(path: Path, clock: Clock, number: float) -> None:
    one, other = user(path, clock), user(path, clock)

    for cell in range(CELLS):
        write_cells(path, **{f"c{cell}": number})
        one.try_acquire("live")
        one.observe(quota("105, 105;w=1"))  # a limit that might be is corrected by the next answer
        count_together([one, other], clock, 1)

        assert count_together([one, other], clock, 0.5) == pytest.approx(50, abs=5)


def test_a_state_of_another_boot_is_replaced(path: Path, clock: Clock) -> None:
    before = Clock(1e6)
    old = user(path, before)
    old.observe(quota("100, 100;w=1", "0", "60", status=429))

    assert user(path, clock).try_acquire("live")


def test_a_write_that_was_cut_at_any_number_leaves_a_pace(path: Path, clock: Clock) -> None:
    one = user(path, clock)
    count_together([one], clock, 1)
    old = [*MachineFile(path).cells]
    one.observe(quota("100, 100;w=1", "0", "1", status=429))
    new = [*MachineFile(path).cells]

    for cut in range(CELLS):
        write_cells(path, **{f"c{cell}": (new if cell < cut else old)[cell] for cell in range(CELLS)})
        clock.now += 0.001
        other = user(path, clock)
        assert 0 < other.snapshot().rate <= 100
        assert other.snapshot().held_for < 2


@pytest.mark.parametrize("content", [b"", b"no pace", b"\xff" * 1000])
def test_a_file_of_anything_else_becomes_a_pace(path: Path, clock: Clock, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    one = user(path, clock)
    count_together([one], clock, 1)

    assert count_together([one], clock, 10) == pytest.approx(1000, abs=5)


def test_a_file_that_was_deleted_is_opened_anew_by_all(path: Path, clock: Clock) -> None:
    one, other = user(path, clock), user(path, clock)
    one.observe(quota("40, 40;w=1"))
    count_together([one, other], clock, 1)

    path.unlink()
    clock.now += 1
    count_together([one, other], clock, 1)

    assert count_together([one, other], clock, 10) == pytest.approx(380, abs=5)


def test_who_cannot_have_the_lock_paces_alone_at_a_quarter_and_says_so_once(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one, holder = user(path, clock), MachineFile(path)
    count_together([one], clock, 1)
    assert holder.try_lock(1)

    before = count_together([one], clock, 0.25)
    with caplog.at_level(logging.WARNING, "klarna_om"):
        count_together([one], clock, 1)
        alone = count_together([one], clock, 10)
        rate = one.snapshot().rate
        holder.unlock()
        together = count_together([one], clock, 10)

    assert before == 0
    assert alone == pytest.approx(250, abs=3)
    assert rate == pytest.approx(25)
    assert together == pytest.approx(1000, abs=5)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "paces alone, at a quarter of the rate" in caplog.text
    assert "is back" in caplog.text


async def test_a_429_seen_without_the_lock_is_written_when_it_is_free(path: Path, clock: Clock) -> None:
    one, other, holder = user(path, clock), user(path, clock), MachineFile(path)
    assert holder.try_lock(1)

    one.observe(quota("100, 100;w=1", "0", "9", status=429))
    held_at_once = one.snapshot().held_for
    await asyncio.sleep(0.01)
    holder.unlock()
    async with asyncio.timeout(10):
        while not other.snapshot().held_for:
            await asyncio.sleep(0.001)

    assert held_at_once == pytest.approx(9.1)
    assert other.snapshot().held_for == pytest.approx(9.1)


async def test_those_who_wait_without_the_lock_come_to_their_slot(path: Path, clock: Clock) -> None:
    one, holder = user(path, clock, highest=1000), MachineFile(path)
    assert holder.try_lock(1)
    waiting = [asyncio.create_task(one.acquire("batch")) for _ in range(2)]
    await asyncio.sleep(0.005)
    waited = [task.done() for task in waiting]

    clock.now += 0.3
    await waiting[0]
    clock.now += 0.3
    await waiting[1]

    assert waited == [False, False]


def test_a_process_killed_with_the_lock_stops_nobody(path: Path, clock: Clock, holder: "subprocess.Popen[str]") -> None:
    one = user(path, clock)
    assert not one.try_acquire("live")

    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert one.try_acquire("live")


def test_a_process_stopped_with_the_lock_leaves_the_others_a_quarter(
    path: Path, clock: Clock, holder: "subprocess.Popen[str]"
) -> None:
    holder.send_signal(signal.SIGSTOP)
    one = user(path, clock)
    count_together([one], clock, 1)

    assert count_together([one], clock, 10) == pytest.approx(250, abs=3)


def test_a_fork_opens_the_file_anew_and_takes_no_slot_twice(path: Path) -> None:
    with start(path, "fork_and_count") as process:
        counts = process.communicate(timeout=50)[0].split()

    alone = count_at_once(MachinePacer(path.with_name("alone"), FAST, clock=lambda: NOW))
    assert len(counts) == 2
    assert sum(map(int, counts)) == alone


async def test_in_a_fork_nobody_waits_yet(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    one = user(path, clock)
    count_together([one], clock, 1)
    waiting = asyncio.create_task(one.acquire("batch"))
    await asyncio.sleep(0)
    before = one.snapshot().waiting_batch

    monkeypatch.setattr("os.getpid", lambda: -1)

    assert (before, one.snapshot().waiting_batch) == (1, 0)
    waiting.cancel()


def test_answers_below_the_ceiling_raise_the_rate_of_all(path: Path, clock: Clock) -> None:
    one, other = user(path, clock), user(path, clock)
    one.observe(answer(429))
    clock.now += 2
    for _ in range(10):
        other.observe(quota("105, 105;w=1", "1"))
        clock.now += 0.1

    assert 85 < one.snapshot().rate < 100
    assert one.snapshot().rate == pytest.approx(other.snapshot().rate)
