"""The speed of a job, from the readings of the last minute."""

from uuid import UUID

from klarna_om.live.speed import Speed, SpeedMeter
from tests.live.jobs import JOB, job_state


def test_a_speed_needs_two_seconds_of_readings() -> None:
    meter = SpeedMeter()

    speeds = [meter.add(at, [job_state(settled=10 * at, requests=30 * at)]) for at in (0, 1, 2)]

    assert speeds == [{}, {}, {JOB: Speed(requests=30.0, settled=10.0, seconds=2)}]


def test_only_the_last_minute_counts() -> None:
    meter = SpeedMeter()
    meter.add(0, [job_state()])
    meter.add(10, [job_state(settled=50, requests=50)])

    speeds = meter.add(70, [job_state(settled=56, requests=62)])

    assert speeds == {JOB: Speed(requests=0.2, settled=0.1, seconds=60)}


def test_after_a_time_in_which_nobody_looked_it_is_measured_again() -> None:
    meter = SpeedMeter()
    meter.add(0, [job_state()])

    assert meter.add(3600, [job_state(settled=50)]) == {}


def test_rows_that_are_taken_up_again_are_no_negative_speed() -> None:
    meter = SpeedMeter()
    meter.add(0, [job_state(settled=50, requests=50)])

    assert meter.add(10, [job_state(settled=20, requests=60)]) == {JOB: Speed(1.0, 0.0, 10)}


def test_a_new_job_has_a_speed_of_its_own() -> None:
    meter, new = SpeedMeter(), UUID(int=8)
    meter.add(0, [job_state()])
    meter.add(30, [job_state(), job_state(job=new)])

    speeds = meter.add(40, [job_state(), job_state(settled=20, requests=20, job=new)])

    assert speeds[new] == Speed(2.0, 2.0, 10)
