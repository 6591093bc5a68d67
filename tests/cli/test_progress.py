"""Progress on a terminal and elsewhere."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve
from rich.console import Console

from klarna_om.batch.progress_tracker import OnProgress
from klarna_om.batch.totals import Pause, Progress, Totals
from klarna_om.cli.progress import Display, show_progress
from klarna_om.cli.progress_text import fit_counts, fit_speed, format_progress
from tests.support.time import Clock

LIMIT = 190.0


def limit() -> float:
    return LIMIT


@contextmanager
def show_on(stream: io.StringIO, clock: Clock, *, is_terminal: bool, quiet: bool = False) -> Iterator[OnProgress]:
    console = Console(file=stream, force_terminal=is_terminal)
    with show_progress(console, limit, quiet=quiet, clock=clock) as show:
        yield show


HALF = Progress(Totals(done=40, refused=5, unknown=5, pending=50), 12.0, 4.2)
USUAL = Progress(Totals(done=230, refused=5, pending=166), 12.0, 14.0)
LARGE = Progress(Totals(done=120_000, refused=3_000, unknown=456, pending=876_544), 200.0, 4_382.0)
PAUSE = Pause("the last answer was 503 (text/html) from http://127.0.0.1:8420", 20.0)


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (HALF, "45 of 100 orders: 40 done, 5 refused, 5 unknown, 50 pending; 12/s, limit 190/s, 0:04 left"),
        (Progress(Totals(pending=9)), "0 of 9 orders: 9 pending; limit 190/s"),
        (Progress(Totals(done=4, pending=5), 0.0), "4 of 9 orders: 4 done, 5 pending; 0/s, limit 190/s"),
        (
            Progress(Totals(done=4, pending=5), 0.25, 20),
            "4 of 9 orders: 4 done, 5 pending; 0.25/s, limit 190/s, 0:20 left",
        ),
        (Progress(Totals(done=1), 1.0, 7325.0), "1 of 1 orders: 1 done; 1/s, limit 190/s, 2:02:05 left"),
        (Progress(Totals()), "0 of 0 orders; limit 190/s"),
        (Progress(Totals(escalated=2)), "0 of 2 orders: 2 escalated; limit 190/s"),
        (
            Progress(Totals(pending=1), 3.0, 1.0, PAUSE),
            f"paused: {PAUSE.cause}; next try in 20 s; 0 of 1 orders: 1 pending",
        ),
        (
            Progress(Totals(pending=1), pause=evolve(PAUSE, next_try_in=0.0)),
            f"paused: {PAUSE.cause}; trying again now; 0 of 1 orders: 1 pending",
        ),
    ],
)
def test_progress_is_formatted_in_one_line(progress: Progress, line: str) -> None:
    assert format_progress(progress, LIMIT) == line


def test_without_a_rate_limit_none_is_shown() -> None:
    assert format_progress(HALF, None).endswith("; 12/s, 0:04 left")
    assert format_progress(Progress(Totals(pending=9)), None) == "0 of 9 orders: 9 pending"


@pytest.mark.parametrize(
    ("width", "counts", "speed"),
    [
        (
            79,
            "123000 of 1000000 orders: 120000 done, 3000 refused, 456 unknown",
            "200/s, limit 190/s, 1:13:02 left",
        ),
        (60, "123000 of 1000000 orders: 3000 refused, 456 unknown", "200/s, limit 190/s, 1:13:02 left"),
        (30, "123000 of 1000000 orders", "200/s, 1:13:02 left"),
        (15, "123000 of 1000000 orders", "1:13:02 left"),
    ],
)
def test_a_narrow_line_keeps_what_matters_most(width: int, counts: str, speed: str) -> None:
    assert fit_counts(LARGE, width) == counts
    assert fit_speed(LARGE, LIMIT, width) == speed


def shown(display: Display, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(display)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("progress", [HALF, USUAL, LARGE], ids=["half", "usual", "large"])
def test_on_a_terminal_it_is_two_lines_that_fit(progress: Progress, width: int, wall_clock: Clock) -> None:
    counts, speed = shown(Display(progress, limit, wall_clock), width)

    assert max(len(counts), len(speed)) < width
    assert counts == fit_counts(progress, width - 1)
    assert speed.endswith(fit_speed(progress, LIMIT, width - 1))


@pytest.mark.parametrize("progress", [HALF, USUAL, LARGE], ids=["half", "usual", "large"])
def test_80_columns_show_counts_rate_limit_and_time_left(progress: Progress, wall_clock: Clock) -> None:
    counts, speed = shown(Display(progress, limit, wall_clock), 80)

    assert all(f"{getattr(progress.totals, name)} {name}" in counts for name in ("done", "refused"))
    assert speed[0] == "━"
    assert f" {progress.rate:.0f}/s, limit 190/s, " in speed
    assert speed.endswith(" left")


def test_a_terminal_that_is_resized_gets_another_layout(wall_clock: Clock) -> None:
    display = Display(USUAL, limit, wall_clock)

    lines = {width: [line.lstrip("━╺╸ ") for line in shown(display, width)] for width in (100, 45, 35, 20)}

    assert lines == {
        100: ["235 of 401 orders: 230 done, 5 refused", "12/s, limit 190/s, 0:14 left"],
        45: ["235 of 401 orders: 230 done, 5 refused", "12/s, limit 190/s, 0:14 left"],
        35: ["235 of 401 orders: 5 refused", "12/s, limit 190/s, 0:14 left"],
        20: ["235 of 401 orders", "12/s, 0:14 left"],
    }


def test_words_that_fit_nowhere_end_with_an_ellipsis(wall_clock: Clock) -> None:
    assert shown(Display(LARGE, limit, wall_clock), 12) == ["123000 of …", "1:13:02 le…"]


def test_on_a_terminal_the_whole_pause_comes_first_and_counts_down(wall_clock: Clock) -> None:
    display = Display(evolve(USUAL, pause=PAUSE), limit, wall_clock)
    wall_clock.now += 5

    lines = shown(display, 80)

    assert " ".join(lines[:-2]) == f"paused: {PAUSE.cause}; next try in 15 s"
    assert lines[-2] == "235 of 401 orders: 230 done, 5 refused"
    assert lines[-1].strip("━╺╸ ") == ""
    assert max(map(len, lines)) < 80

    wall_clock.now += 60

    assert "trying again now" in " ".join(shown(display, 80))


def test_a_pause_shows_nothing_that_a_terminal_would_obey() -> None:
    pause = Pause("the last answer was \x1b[2J", 0.0)

    assert "\x1b" not in format_progress(Progress(Totals(), pause=pause), None)


def test_elsewhere_a_line_is_written_every_ten_seconds_and_at_each_pause(wall_clock: Clock) -> None:
    stream = io.StringIO()
    paused = Progress(Totals(pending=9), pause=PAUSE)

    with show_on(stream, wall_clock, is_terminal=False) as show:
        for progress in (HALF, HALF, paused, paused, HALF):
            show(progress)
        wall_clock.now += 10
        show(HALF)
        show(HALF)

    assert stream.getvalue().splitlines() == [format_progress(each, LIMIT) for each in (HALF, paused, HALF, HALF)]


def test_after_the_first_minute_a_line_is_written_every_minute(wall_clock: Clock) -> None:
    stream = io.StringIO()

    with show_on(stream, wall_clock, is_terminal=False) as show:
        for _ in range(601):
            show(HALF)
            wall_clock.now += 1

    assert len(stream.getvalue().splitlines()) == 6 + 10  # at 0, 10 ... 50 s, and at 1, 2 ... 10 minutes


def test_on_a_terminal_live_lines_are_shown(monkeypatch: pytest.MonkeyPatch, wall_clock: Clock) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()

    with show_on(stream, wall_clock, is_terminal=True) as show:
        show(USUAL)

    assert "235 of 401 orders: 230 done, 5 refused" in stream.getvalue()
    assert "12/s, limit 190/s, 0:14 left" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet_shows_no_progress(is_terminal: bool, wall_clock: Clock) -> None:
    stream = io.StringIO()

    with show_on(stream, wall_clock, is_terminal=is_terminal, quiet=True) as show:
        show(USUAL)

    assert stream.getvalue() == ""


def test_before_the_first_progress_a_terminal_shows_nothing(wall_clock: Clock) -> None:
    stream = io.StringIO()

    with show_on(stream, wall_clock, is_terminal=True):
        pass

    assert stream.getvalue() == ""
