"""MANIFEST: a file, or several, each with the name of its merchant (`shop-se=se.csv`)."""

from pathlib import Path
from typing import Any

import click
from attrs import frozen


@frozen
class NamedManifest:
    """A manifest of one merchant."""

    merchant: str
    manifest: str


Manifests = tuple[str | NamedManifest, ...]
"""What the command was given."""


class ManifestArgument(click.Path):
    """A path, or a name and a path. A file whose own name has an equals sign is a path."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A string, or a `NamedManifest`."""
        name, found, path = str(value).partition("=")
        if not found or Path(str(value)).exists():
            return super().convert(value, param, ctx)
        return NamedManifest(name, str(super().convert(path, param, ctx)))
