"""Completion of a value that is one of some names, in the shell."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_names(names: Iterable[str]) -> Complete:
    """For `shell_complete=`: the names that begin like what is typed."""
    known = [*names]

    def complete(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in known if name.startswith(typed)]

    return complete
