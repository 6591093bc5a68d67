"""`klarna-om batch OPERATION MANIFEST`: one of the 13 writes, over all rows of a manifest."""

import click

from klarna_om.cli.batch_command import make_command
from klarna_om.workflows.writes import WRITES


class Operations(click.Group):
    """A command for each operation, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, for the help page."""
        return [*sorted(WRITES), "retry"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or of a short form."""
        if cmd_name == "retry":
            from klarna_om.cli.batch_retry import command as retry

            return retry
        operation = SHORT.get(cmd_name, cmd_name)
        return make_command(f"batch {cmd_name}", operation) if operation in WRITES else None


SHORT = {
    "acknowledge": "orders.acknowledge",
    "cancel": "orders.cancel",
    "capture": "captures.create",
    "refund": "refunds.create",
    "release": "orders.release_remaining_authorization",
}
"""The operations that are commands of their own too."""


@click.group("batch", cls=Operations)
def command() -> None:
    """Run one write over all rows of a manifest, each once; an interrupted job continues."""
