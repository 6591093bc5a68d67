"""Progress on a terminal and elsewhere."""

import io

import pytest
from attrs import evolve
from rich.console import Console

from klarna_om.batch.totals import Pause, Progress, Totals
from klarna_om.cli.progress import Display, show_progress
from klarna_om.cli.progress_text import fit_progress, format_progress
from tests.support.time import Clock


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


HALF = Progress(Totals(done=40, refused=5, unknown=5, pending=50), 12.0, 4.2)
USUAL = Progress(Totals(done=230, refused=5, pending=166), 12.0, 14.0)
LARGE = Progress(Totals(done=120_000, refused=3_000, unknown=456, pending=876_544), 200.0, 4_382.0)
PAUSE = Pause("the last answer was 503 (text/html) from http://127.0.0.1:8420", 20.0)


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (HALF, "45 of 100 orders: 40 done, 5 refused, 5 unknown, 50 pending; 12/s, 0:04 left"),
        (Progress(Totals(pending=9)), "0 of 9 orders: 9 pending"),
        (Progress(Totals(done=4, pending=5), 0.0), "4 of 9 orders: 4 done, 5 pending; 0/s"),
        (Progress(Totals(done=4, pending=5), 0.25, 20), "4 of 9 orders: 4 done, 5 pending; 0.25/s, 0:20 left"),
        (Progress(Totals(done=1), 1.0, 7325.0), "1 of 1 orders: 1 done; 1/s, 2:02:05 left"),
        (Progress(Totals()), "0 of 0 orders"),
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
    assert format_progress(progress) == line


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (160, "123000 of 1000000 orders: 120000 done, 3000 refused, 456 unknown; 200/s, 1:13:02 left"),
        (79, "123000 of 1000000 orders: 120000 done, 3000 refused, 456 unknown; 1:13:02 left"),
        (70, "123000 of 1000000 orders: 3000 refused, 456 unknown; 1:13:02 left"),
        (50, "123000 of 1000000 orders; 1:13:02 left"),
        (30, "123000 of 1000000 orders"),
        (10, "123000 of 1000000 orders"),
    ],
)
def test_a_narrow_line_keeps_what_matters_most(width: int, line: str) -> None:
    assert fit_progress(LARGE, width) == line


def shown(display: Display, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(display)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("progress", [HALF, USUAL, LARGE], ids=["half", "usual", "large"])
def test_on_a_terminal_it_is_one_line_that_fits(progress: Progress, width: int, wall_clock: Clock) -> None:
    lines = shown(Display(progress, wall_clock), width)

    assert len(lines) == 1
    assert len(lines[0]) < width
    assert lines[0].endswith(fit_progress(progress, width - 1))


def test_80_columns_show_every_count_the_rate_and_the_time_left(wall_clock: Clock) -> None:
    (line,) = shown(Display(USUAL, wall_clock), 80)

    assert line.startswith("━" * 8)
    assert line.endswith(" 235 of 401 orders: 230 done, 5 refused; 12/s, 0:14 left")


def test_a_terminal_that_is_resized_gets_another_layout(wall_clock: Clock) -> None:
    display = Display(USUAL, wall_clock)

    lines = [shown(display, width)[0].strip("━╺╸ ") for width in (100, 60, 45, 20)]

    assert lines == [
        "235 of 401 orders: 230 done, 5 refused; 12/s, 0:14 left",
        "235 of 401 orders: 230 done, 5 refused; 12/s, 0:14 left",
        "235 of 401 orders: 5 refused; 0:14 left",
        "235 of 401 orders",
    ]


def test_words_that_fit_nowhere_end_with_an_ellipsis(wall_clock: Clock) -> None:
    assert shown(Display(LARGE, wall_clock), 12) == ["123000 of …"]


def test_on_a_terminal_the_whole_pause_comes_first_and_counts_down(wall_clock: Clock) -> None:
    display = Display(evolve(USUAL, pause=PAUSE), wall_clock)
    wall_clock.now += 5

    lines = shown(display, 80)

    assert " ".join(lines[:-1]) == f"paused: {PAUSE.cause}; next try in 15 s"
    assert lines[-1].endswith("235 of 401 orders: 230 done, 5 refused")
    assert max(map(len, lines)) < 80

    wall_clock.now += 60

    assert "trying again now" in " ".join(shown(display, 80))


def test_elsewhere_a_line_is_written_every_ten_seconds_and_at_each_pause(wall_clock: Clock) -> None:
    stream = io.StringIO()
    paused = Progress(Totals(pending=9), pause=PAUSE)

    with show_progress(stream, wall_clock) as show:
        for progress in (HALF, HALF, paused, paused, HALF):
            show(progress)
        wall_clock.now += 10
        show(HALF)
        show(HALF)

    assert stream.getvalue().splitlines() == [format_progress(each) for each in (HALF, paused, HALF, HALF)]


def test_on_a_terminal_a_live_line_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()

    with show_progress(stream) as show:
        show(USUAL)

    assert "235 of 401 orders: 230 done, 5 refused; 12/s, 0:14 left" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


def test_before_the_first_progress_a_terminal_shows_nothing() -> None:
    stream = Terminal()

    with show_progress(stream):
        pass

    assert stream.getvalue() == ""
