"""The arguments and options of the commands that make one write."""

from collections.abc import Callable
from typing import Any

import click

from klarna_om.cli.amount_argument import Amount
from klarna_om.cli.connection_options import connection_options
from klarna_om.cli.log_options import Decorator, log_options
from klarna_om.workflows.reference import normalize_reference

EXIT_CODES = """Exit codes: 0 done, or done before; 1 refused, unknown or not sent; 2 usage; 4 credentials or host; 130
interrupted before anything was sent. After 1, run the same command again to find out or to go on."""


def write_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The order's id, and the options of every write."""
    return _apply(function, _ORDER_ID, _JSON, connection_options, log_options)


def question_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a write that is asked about before it is sent."""
    return _apply(function, _YES)


def amount_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a capture and a refund have: an amount, and the reference by which they are made once."""
    return _apply(function, *_AMOUNT_OPTIONS)


def _apply(function: Callable[..., Any], *decorators: Decorator) -> Callable[..., Any]:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def _check_reference(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        return normalize_reference(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _strip(_: click.Context, __: click.Parameter, value: str) -> str:
    return value.strip()


_ORDER_ID = click.argument("order_id", metavar="ID", callback=_strip)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_YES = click.option("--yes", is_flag=True, help="Do not ask; without a terminal nothing is sent otherwise.")

_AMOUNT_OPTIONS = (
    click.argument("amount", type=Amount(), required=False),
    click.option("--all", "is_all", is_flag=True, help="All that is left, instead of AMOUNT."),
    click.option("--minor", is_flag=True, help="AMOUNT is in minor units: 1250 for 12.50 EUR."),
    click.option(
        "--reference",
        required=True,
        callback=_check_reference,
        help="Your own id of it, such as the shipment's; it is made once for each order and reference.",
    ),
    click.option("--description", help="Shown to the customer."),
    click.option(
        "--generation",
        type=click.IntRange(min=0),
        default=0,
        help="A further try after a refusal, where the message of the refusal asks for it.",
    ),
)
