"""Progress on a terminal and elsewhere."""

import io

import pytest

from klarna_om.batch.totals import Progress, Totals
from klarna_om.cli.progress import format_progress, show_progress
from tests.support.time import Clock


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


HALF = Progress(Totals(done=40, refused=5, unknown=5, pending=50), 12.0, 4.2)


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (HALF, "45 of 100 orders: 40 done, 5 refused, 5 unknown, 50 pending; 12/s, 0:04 left"),
        (Progress(Totals(pending=9), 0.0, None), "0 of 9 orders: 0 done, 0 refused, 0 unknown, 9 pending; 0/s"),
        (Progress(Totals(done=1), 1.0, 7325.0), "1 of 1 orders: 1 done, 0 refused, 0 unknown; 1/s, 2:02:05 left"),
        (
            Progress(Totals(pending=1), 3.0, 1.0, is_paused=True),
            "0 of 1 orders: 0 done, 0 refused, 0 unknown, 1 pending; paused: most calls fail, trying one at a time",
        ),
    ],
)
def test_progress_is_formatted_in_one_line(progress: Progress, line: str) -> None:
    assert format_progress(progress) == line


def test_elsewhere_a_line_is_written_every_ten_seconds_and_at_each_pause(wall_clock: Clock) -> None:
    stream = io.StringIO()
    paused = Progress(Totals(pending=9), 0.0, None, is_paused=True)

    with show_progress(stream, wall_clock) as show:
        for progress in (HALF, HALF, paused, paused, HALF):
            show(progress)
        wall_clock.now += 10
        show(HALF)
        show(HALF)

    assert stream.getvalue().splitlines() == [format_progress(each) for each in (HALF, paused, HALF, HALF)]


def test_on_a_terminal_a_live_line_is_shown() -> None:
    stream = Terminal()

    with show_progress(stream) as show:
        show(HALF)

    assert "45 of 100 orders" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


def test_before_the_first_progress_a_terminal_shows_nothing() -> None:
    stream = Terminal()

    with show_progress(stream):
        pass

    assert stream.getvalue() == ""
