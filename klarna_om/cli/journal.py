"""`klarna-om journal`: what a job's journal says, also while the job runs."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from klarna_om.batch.page.write import render_page
from klarna_om.batch.report import write_lines
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.files import need_page_libraries
from klarna_om.cli.job_end import guard
from klarna_om.cli.journal_source import Reader, journal_argument, open_reader
from klarna_om.cli.journal_verify import command as verify
from klarna_om.cli.line_text import line_text

T = TypeVar("T")

WIDE = 1_000
"""Columns of a listing that goes to no terminal."""

OUTCOMES = ("done", "refused", "unknown", "escalated", "pending", "duplicate", "blank", "malformed", "conflict")


@click.group("journal", epilog="Example: klarna-om journal list orders.csv.journal --state unknown")
def command() -> None:
    """Ask a job's journal; nothing is changed, and only `verify` connects to Klarna, to read.

    JOURNAL is a journal's file, or the id of a job in the database that --dsn names.
    """


command.add_command(verify)


@command.command(
    "show",
    epilog="""\b
Example:
  klarna-om journal show captures.csv.journal 7849fd84-47dc-4919-a7ce-47b9f461562f
  klarna-om journal show captures.csv.journal A-1001

Exit codes: 0 found, 1 not found, 2 usage.
""",
)
@journal_argument
@click.argument("order")
def show(journal: UUID | Path, dsn: str | None, order: str) -> None:
    """Show what is known of an order: every line that has it, its calls, and what to do.

    ORDER is Klarna's order id, a reference, or any value of your own columns, such as your order number.
    """
    lines = _read(journal, dsn, lambda opened: opened.find_lines(order))
    for line in lines:
        click.echo(line_text(line) + "\n")
    if not lines:
        click.echo(f"klarna-om: no line of {journal} has {order}", err=True)
        sys.exit(ExitCode.INCOMPLETE.value)


@command.command(
    "list",
    epilog="""\b
Example:
  klarna-om journal list captures.csv.journal --state refused --code CAPTURE_NOT_ALLOWED
""",
)
@journal_argument
@click.option("--state", "states", type=click.Choice(OUTCOMES), multiple=True, help="Only these; may be repeated.")
@click.option("--code", help="Only lines with this error code of Klarna's.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Lines at most.")
def list_lines(journal: UUID | Path, dsn: str | None, states: tuple[str, ...], code: str | None, limit: int) -> None:
    """List lines of the manifest with what became of them."""
    lines = _read(journal, dsn, lambda opened: opened.select_lines(states or OUTCOMES, limit + 1, code))
    table = Table(box=None, pad_edge=False)
    for name in ("line", "order", "reference", "outcome", "status", "code", "detail"):
        table.add_column(name, overflow="fold")
    for line in lines[:limit]:
        status = "" if line.status is None else str(line.status)
        cells = (str(line.line), line.order_id, line.reference, line.outcome, status, line.error_code, line.detail)
        table.add_row(*(Text(cell or "") for cell in cells))
    # A file or a pipe gets each line whole; a terminal folds what is too wide.
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
    if len(lines) > limit:
        click.echo(f"... and more: --limit shows them, `klarna-om journal export {journal}` writes all", err=True)


@command.command(
    "export",
    epilog="""\b
Example:
  klarna-om journal export captures.csv.journal --format jsonl | jq 'select(.outcome == "unknown")'
  klarna-om journal export captures.csv.journal --format html > captures.html
""",
)
@journal_argument
@click.option(
    "--format", "kind", type=click.Choice(["csv", "jsonl", "html"]), default="csv", show_default=True, help="Form."
)
def export(journal: UUID | Path, dsn: str | None, kind: str) -> None:
    """Write every line of the manifest with what became of it to standard output, as the report has it.

    `--format html` writes one page about the job instead, for people, as `--html` of a run does.
    """
    if kind == "html":
        need_page_libraries()
        click.echo(_read(journal, dsn, render_page).encode(), nl=False)  # whatever the terminal's encoding is
        return
    _read(journal, dsn, lambda opened: write_lines(opened, sys.stdout, kind))


def _read(journal: UUID | Path, dsn: str | None, ask: Callable[[Reader], Awaitable[T]]) -> T:
    async def read() -> T:
        async with open_reader(journal, dsn) as opened:
            return await ask(opened)

    return guard(lambda: asyncio.run(read()), source=journal)
