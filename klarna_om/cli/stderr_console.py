"""The one console on standard error of a command: a live display and log lines share it, so they do not mix."""

import click
from rich.console import Console

_KEY = "klarna_om.cli.stderr_console"


def stderr_console() -> Console:
    """The console of the running command."""
    meta = click.get_current_context().meta
    if _KEY not in meta:
        meta[_KEY] = Console(stderr=True)
    console: Console = meta[_KEY]
    return console
