"""What failed about an order, for a person at the command line."""

import click

from klarna_om.cli.amount_text import with_currency
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.printable import printable
from klarna_om.errors import ConfigurationError, ConnectionFailed, KlarnaError, Unauthorized


def print_error(message: str, currency: str | None = None) -> None:
    """Print a message to standard error, in the words of the command line."""
    words = with_currency(with_option_names(message), currency)
    click.echo("\n".join(map(printable, f"klarna-om: {words}".splitlines())), err=True)


def exit_code_of(error: KlarnaError) -> ExitCode:
    """The exit code for a call that changed nothing at Klarna."""
    if isinstance(error, ConfigurationError | ConnectionFailed | Unauthorized):
        return ExitCode.CREDENTIALS_OR_HOST
    return ExitCode.INCOMPLETE
