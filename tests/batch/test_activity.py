"""Which times of a job are pictured."""

from datetime import timedelta

from klarna_om.batch.activity import MOST_BINS, MOST_STRETCHES, WIDTHS, Minute, Window, find_windows, make_stretch
from tests.batch.jobs import START

MINUTE = timedelta(minutes=1)


def minutes(first: int, count: int, requests: int = 600) -> list[Minute]:
    """Results at each second of some minutes of the clock."""
    starts = [START + (first + number) * MINUTE for number in range(count)]
    return [Minute(start, start + timedelta(seconds=59), requests) for start in starts]


def test_a_job_without_results_has_no_stretch() -> None:
    assert find_windows([]) == []


def test_minutes_that_follow_each_other_are_one_stretch() -> None:
    (window,) = find_windows(minutes(0, 4))

    assert window == Window(START, START + timedelta(seconds=239), 2)
    assert window.bins == 120 == MOST_BINS


def test_a_long_pause_divides_two_stretches_and_a_short_one_does_not() -> None:
    short, long = minutes(0, 2) + minutes(4, 1), minutes(0, 2) + minutes(7, 1)

    assert [window.start for window in find_windows(short)] == [START]
    assert [window.start for window in find_windows(long)] == [START, START + 7 * MINUTE]


def test_the_busiest_stretches_are_kept_in_the_order_of_time() -> None:
    found = [minute for number in range(6) for minute in minutes(10 * number, 1, 1_000 - 10 * (number % 3))]

    assert len(found) > MOST_STRETCHES
    assert [window.start - START for window in find_windows(found)] == [n * MINUTE for n in (0, 10, 30, 40)]


def test_a_few_late_repeats_are_no_stretch_of_their_own() -> None:
    windows = find_windows([*minutes(0, 2, 6_000), *minutes(10, 1, 3)])

    assert [window.start for window in windows] == [START]


def test_bins_are_as_wide_as_the_length_asks_for() -> None:
    day = find_windows(minutes(0, 24 * 60))
    year = find_windows([Minute(START, START + timedelta(days=365), 1)])

    assert (day[0].width, day[0].bins) == (900, 96)
    assert year[0].width == WIDTHS[-1]


def test_requests_are_counted_by_state_and_bin() -> None:
    window = Window(START, START + timedelta(seconds=2.5), 1)

    stretch = make_stretch(window, [("done", 0, 7), ("done", 2, 1), ("refused", 1, 2)])

    assert stretch.requests == {"done": [7, 0, 1], "refused": [0, 2, 0]}
    assert (stretch.start, stretch.seconds) == (START, 3)


def test_a_result_at_the_edge_by_rounding_is_counted_in_the_last_bin() -> None:
    stretch = make_stretch(Window(START, START + timedelta(seconds=1), 1), [("done", 2, 1), ("done", -1, 3)])

    assert stretch.requests == {"done": [3, 1]}
