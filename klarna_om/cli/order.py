"""`klarna-om order`: read an order, or make one write; a file for each command, loaded when it is called."""

from importlib import import_module
from typing import cast

import click

COMMANDS = ("cancel", "capture", "extend", "get", "refund", "release", "shipping")
"""The command `name` is `klarna_om.cli.order_name.command`."""


class OrderCommands(click.Group):
    """Imports a command's file when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, for the help page."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(f"klarna_om.cli.order_{cmd_name}").command)


@click.group("order", cls=OrderCommands, epilog="Example: klarna-om order get 7849fd84-47dc-4919-a7ce-47b9f461562f")
def command() -> None:
    """Look at one order, or change it; for many orders there is `klarna-om batch`."""
