"""The options of the commands that run a job, and their values."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import click
from attrs import frozen

from klarna_om.batch.failure_limit import FailureLimit
from klarna_om.batch.states import OnExpired
from klarna_om.batch.time_limit import TimeLimit
from klarna_om.batch.verify_sample import Sample
from klarna_om.cli.connection_options import ConnectionArguments, connection_arguments, connection_options
from klarna_om.cli.log_options import log_options, quiet_option
from klarna_om.cli.manifest_argument import ManifestArgument
from klarna_om.cli.merchants import MerchantArguments, find_merchant
from klarna_om.cli.stop_options import STOP_OPTIONS
from klarna_om.cli.verify_options import VERIFY_OPTION
from klarna_om.errors import ConfigurationError
from klarna_om.settings.environment import find_environment
from klarna_om.workflows.after_window import AFTER_WINDOW, Expired
from klarna_om.workflows.writes import ONCE_AN_ORDER


@frozen(kw_only=True)
class Settings:
    """The parsed command line."""

    operation: str
    manifest: str
    column: str
    journal: Path
    report: Path
    html: Path | None = None
    rate: float | None
    in_flight: int
    on_expired: OnExpired
    keep_going: bool
    max_failures: FailureLimit | None
    until: datetime | None
    max_duration: float | None
    verify: Sample | None = None
    """How many rows are read back after the run."""
    merchant: str | None = None
    """The name of the merchant, where a command has several."""
    shown_problems: int = 20
    """Lines that a dry run shows with what is wrong with them."""

    @property
    def noun(self) -> str:
        """What is settled."""
        return "orders" if self.operation in ONCE_AN_ORDER else "rows"

    @property
    def time_limit(self) -> TimeLimit:
        """When the run ends by the clock."""
        return TimeLimit(self.until, self.max_duration)

    def is_kustom(self) -> bool:
        """Are the calls to go to Kustom? Where no environment is set, the client says so later."""
        with suppress(ConfigurationError):
            return find_environment(self.client_arguments().get("environment")).is_kustom
        return False

    def client_arguments(self) -> ConnectionArguments:
        """What the client is made with; raises `ConfigurationError` for a merchant that is not known."""
        given = connection_arguments()
        found: MerchantArguments = {} if self.merchant is None else find_merchant(self.merchant)
        return cast("ConnectionArguments", {**found, **given})


def batch_options(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of an operation's command."""
    return partial(_add, (*_MANIFEST_OPTIONS, *_on_expired(operation), *_RUN_OPTIONS))


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that runs a job."""
    return _add(_RUN_OPTIONS, command)


def _add(options: Iterable[Callable[[Any], Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed([*options]):
        command = option(command)
    return command


def _on_expired(operation: str) -> list[Callable[[Any], Any]]:
    """The choice that the operation leaves; none where a repeat is never right."""
    own = AFTER_WINDOW[operation].step
    if own is Expired.FAIL:
        return []
    return [
        click.option(
            "--on-expired",
            type=click.Choice([own.value, "fail"]),
            default=own.value,
            show_default=True,
            help=f"For rows that may have been sent over 23 hours ago. {_MEANINGS[own]}, or leave them to a person.",
        )
    ]


_MEANINGS = {Expired.RESEND: "Send them again", Expired.VERIFY: "Read the order first"}

_MANIFEST_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("manifest", type=ManifestArgument(), nargs=-1, required=True),
    click.option(
        "--merchant-column",
        metavar="COLUMN",
        help="Several merchants: the column with the name of each row's. Each has a journal, a report and a pace of its"
        " own. For a manifest of each merchant write shop-se=se.csv shop-no=no.csv instead.",
    ),
    click.option("--column", default="order_id", show_default=True, help="Column or key that holds the order id."),
    click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Default: MANIFEST.journal."),
)

_RUN_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--report",
        type=click.Path(dir_okay=False, path_type=Path),
        help="One row for each line of the manifest. Default: orders.report.csv for orders.csv.",
    ),
    click.option(
        "--html",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write one page about the job too, for people: open it in a browser.",
    ),
    click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests per second, at most."),
    click.option(
        "--in-flight", type=click.IntRange(min=1), default=64, show_default=True, help="Calls in progress at once."
    ),
    connection_options,
    log_options,
    quiet_option,
    click.option(
        "--keep-going", is_flag=True, help="Continue when the first 50 rows are all refused alike; else the job stops."
    ),
    *STOP_OPTIONS,
    VERIFY_OPTION,
    click.option(
        "--dry-run", is_flag=True, help="Read the manifest and show what would be done; send and write nothing."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
)
