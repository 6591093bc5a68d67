"""`--max-failures`, `--until` and `--max-duration`."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import pytest

from klarna_om.cli.stop_options import Duration, Moment, local_time
from klarna_om.sandbox import Sandbox
from tests.cli.conftest import Acknowledge

NOW = datetime(2026, 11, 26, 22, 30, tzinfo=timezone(timedelta(hours=1), "CET"))


def read(kind: click.ParamType[Any], text: str) -> Any:
    return kind.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("06:00", "2026-11-27T06:00+01:00"),
        ("22:31", "2026-11-26T22:31+01:00"),
        ("22:30", "2026-11-27T22:30+01:00"),
        ("2026-11-27T06:00", "2026-11-27T06:00+01:00"),
        ("2026-11-27 06:00:30", "2026-11-27T06:00:30+01:00"),
        ("2026-11-27T06:00Z", "2026-11-27T06:00+00:00"),
    ],
)
def test_until_is_the_next_such_time_in_the_zone_of_the_machine(text: str, moment: str) -> None:
    assert read(Moment(lambda: NOW), text) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("25:00", "'25:00' is neither a time such as 06:00 nor a date"),
        ("six", "'six' is neither a time"),
        ("2026-11-26T22:30", "is over; it is 2026-11-26 22:30 CET here"),
    ],
)
def test_until_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(click.BadParameter, match=problem):
        read(Moment(lambda: NOW), text)


def test_the_time_of_day_has_the_zone_of_the_machine() -> None:
    assert local_time().utcoffset() == datetime.now(UTC).astimezone().utcoffset()


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("90m", 5400), ("2h", 7200), ("1h30m", 5400), ("1H2M3S", 3723)]
)
def test_a_duration_has_hours_minutes_and_seconds(text: str, seconds: float) -> None:
    assert read(Duration(), text) == seconds


@pytest.mark.parametrize("text", ["", "90", "2 h", "0s", "-1h", "30m1h", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time such as 2h, 90m, 1h30m or 45s"):
        read(Duration(), text)


def test_a_run_with_too_many_failures_ends_with_3_and_the_same_command_continues(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox
) -> None:
    sandbox.fail_next(3, status=403)

    stopped = acknowledge("--max-failures", "2", "--in-flight", "1")
    continued = acknowledge()

    assert stopped.exit_code == 3
    assert "Stopped: too many rows have failed in this run; the limit is 2" in stopped.stdout
    assert "run the same command again to continue" in stopped.stdout
    assert continued.exit_code == 1
    assert sandbox.acknowledgements == 27


def test_a_run_whose_time_is_over_ends_with_3_and_the_same_command_continues(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox
) -> None:
    stopped = acknowledge("--rate", "1", "--max-duration", "1s", "--json")
    continued = acknowledge("--until", "2999-12-31T00:00")

    assert stopped.exit_code == 3
    assert '"stopped_by":"its time is over: the run has taken 1 s' in stopped.stdout
    assert continued.exit_code == 0
    assert sandbox.acknowledgements == 30


@pytest.mark.parametrize("options", [("--max-failures", "0"), ("--until", "6"), ("--max-duration", "6")])
def test_what_cannot_be_read_is_a_usage_error(
    acknowledge: Acknowledge, manifest: Path, options: tuple[str, str]
) -> None:
    assert acknowledge(*options).exit_code == 2
