"""`--dsn`: the database of the journals."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "KLARNA_OM_DSN"

HELP = f"PostgreSQL with the journals: postgresql://user@host/name. {VARIABLE} may have it, also with a password."


def dsn_option(function: F) -> F:
    """Add the option to a command that needs a database."""
    return click.option("--dsn", envvar=VARIABLE, required=True, help=HELP)(function)
