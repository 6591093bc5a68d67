"""The list of commands, each with the file that holds it."""

from importlib import import_module
from typing import Any, cast

import click

from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.terminal import protect_streams
from klarna_om.version import __version__

COMMANDS = ("batch", "db", "demo", "jobs", "journal", "order", "sandbox", "submit", "worker")
"""The command `name` is `klarna_om.cli.name.command`."""

JOBS = ("acknowledge", "cancel", "capture", "refund", "release")
"""Short forms of `batch`."""


class LazyGroup(click.Group):
    """Imports a command's file when the command is asked for, so that `--version` does not load all of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, for the help page."""
        return sorted((*COMMANDS, *JOBS))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in JOBS:
            from klarna_om.cli.batch import SHORT
            from klarna_om.cli.batch_command import make_command

            return make_command(cmd_name, SHORT[cmd_name])
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(f"klarna_om.cli.{cmd_name}").command)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; a broken terminal does not end it."""
        with protect_streams():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; Ctrl-C is not a failure."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("klarna-om: interrupted", err=True)
            ctx.exit(ExitCode.INTERRUPTED.value)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: klarna-om demo",
)
@click.version_option(__version__, prog_name="klarna-om")
def group() -> None:
    """Klarna's Order Management API: each write at most once within 24 hours, each error with its outcome.

    Set KLARNA_OM_ENVIRONMENT (eu, na, oc, kustom, each also with -playground, or a base URL) and
    KLARNA_OM_USERNAME with KLARNA_OM_PASSWORD, or KLARNA_OM_API_KEY.
    """
