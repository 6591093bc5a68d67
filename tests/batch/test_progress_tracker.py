"""The progress of a job."""

from klarna_om.batch.progress_tracker import ProgressTracker, ignore_progress
from klarna_om.batch.states import State
from klarna_om.batch.totals import Pause, Progress, Summary, Totals
from tests.batch.jobs import Time


def test_progress_is_reported_a_few_times_per_second_with_rate_and_eta(time: Time) -> None:
    seen: list[Progress] = []
    tracker = ProgressTracker(seen.append, time.monotonic)
    tracker.start(Totals(pending=100))

    for _ in range(48):
        time.seconds += 0.125
        tracker.record_move(State.PENDING, State.DONE)

    assert len(seen) == 24
    assert seen[-1] == Progress(Totals(done=48, pending=52), 8.0, 6.5)


def test_the_time_left_is_not_known_before_the_first_result(time: Time) -> None:
    seen: list[Progress] = []
    tracker = ProgressTracker(seen.append, time.monotonic)
    tracker.start(Totals(pending=1))

    tracker.report()

    assert seen == [Progress(Totals(pending=1), None, None)]


def test_there_is_no_rate_before_the_first_second_and_the_first_result(time: Time) -> None:
    seen: list[Progress] = []
    tracker = ProgressTracker(seen.append, time.monotonic)
    tracker.start(Totals(done=50, pending=100))

    for seconds, results in ((0.5, 0), (1.0, 0), (0.0, 3), (1.5, 0)):
        time.seconds += seconds
        for _ in range(results):
            tracker.record_move(State.PENDING, State.DONE)
        tracker.report()

    assert [progress.rate for progress in seen] == [None, None, 2.0, 1.0]


def test_the_rate_is_that_of_the_last_ten_seconds(time: Time) -> None:
    seen: list[Progress] = []
    tracker = ProgressTracker(seen.append, time.monotonic)
    tracker.start(Totals(pending=10_000))

    for results in (400,) * 10 + (10,) * 10 + (0,) * 10:
        for _ in range(results):
            tracker.record_move(State.PENDING, State.DONE)
        time.seconds += 1
        tracker.report()

    assert [seen[number].rate for number in (9, 19, 29)] == [400.0, 10.0, 0.0]
    assert seen[-1].eta is None


def test_progress_has_the_pause(time: Time) -> None:
    seen: list[Progress] = []
    tracker = ProgressTracker(seen.append, time.monotonic)
    tracker.pause = lambda: Pause("503", 4.0)

    tracker.report()

    assert (seen[0].pause, seen[0].is_paused) == (Pause("503", 4.0), True)


def test_only_what_this_run_settled_counts_for_its_rate(time: Time) -> None:
    tracker = ProgressTracker(ignore_progress, time.monotonic)
    tracker.start(Totals(done=10, unknown=1, pending=1))
    time.seconds += 2
    tracker.record_move(State.UNKNOWN, State.REFUSED)

    tracker.record_move(State.PENDING, State.UNKNOWN)

    assert (tracker.settled_now, tracker.elapsed) == (1, 2)
    assert Summary("job", tracker.totals, tracker.elapsed, tracker.settled_now).rate == 0.5


def test_totals_are_shown_without_zeros() -> None:
    assert str(Totals(done=3)) == "3 done, 0 refused, 0 unknown"
    assert str(Totals(done=1, refused=2, unknown=3, pending=4, duplicate=5, blank=6, malformed=7)) == (
        "1 done, 2 refused, 3 unknown, 4 pending, 5 duplicate, 6 blank, 7 malformed"
    )
