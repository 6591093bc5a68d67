"""When a job's command ends by itself: `--max-failures`, `--until` and `--max-duration`."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click
from attrs import field, frozen

from klarna_om.batch.failure_limit import EXPECTED, FailureLimit, parse_failure_limit

_duration = re.compile(r"(?=\d)(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?", re.IGNORECASE)


def local_time() -> datetime:
    """The time of day where this machine is."""
    return datetime.now().astimezone()


class Failures(click.ParamType[FailureLimit]):
    """A number of rows, or a share of those that were tried."""

    name = "N|P%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FailureLimit:
        """Read it, or fail with what is expected."""
        try:
            return parse_failure_limit(value)
        except ValueError:
            self.fail(f"{value!r} is not {EXPECTED}", param, ctx)


@frozen
class Moment(click.ParamType[datetime]):
    """A time of day, the next one there is, or a date with a time."""

    now: Callable[[], datetime] = local_time
    name: str = field(default="TIME", init=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it in the time zone of this machine unless it names one."""
        now = self.now()
        try:
            is_time_of_day = re.fullmatch(r"\d\d:\d\d", str(value)) is not None
            moment = datetime.fromisoformat(f"{now:%Y-%m-%d} {value}" if is_time_of_day else str(value))
        except ValueError:
            self.fail(f"{value!r} is neither a time such as 06:00 nor a date such as 2026-11-27T06:00", param, ctx)
        if is_time_of_day and moment <= now.replace(tzinfo=None):
            moment += timedelta(days=1)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo)
        if moment <= now:
            self.fail(f"{value!r} is over; it is {now:%Y-%m-%d %H:%M %Z} here", param, ctx)
        return moment


class Duration(click.ParamType[float]):
    """Hours, minutes and seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it in seconds."""
        found = _duration.fullmatch(str(value))
        parts = {name: int(number) for name, number in found.groupdict(0).items()} if found else {}
        if not any(parts.values()):
            self.fail(f"{value!r} is no time such as 2h, 90m, 1h30m or 45s", param, ctx)
        return timedelta(**parts).total_seconds()


STOP_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--max-failures",
        type=Failures(),
        help="Stop when so many rows of this run are refused, unknown or escalated. A share counts from 100 rows on.",
    ),
    click.option(
        "--until", type=Moment(), help="Begin no call after this time: 06:00, or a date such as 2026-11-27T06:00."
    ),
    click.option("--max-duration", type=Duration(), help="Begin no call after so long: 2h, 90m, 1h30m or 45s."),
)
