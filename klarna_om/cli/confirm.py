"""The question before money moves."""

import sys

import click

from klarna_om.cli.amount_text import with_currency
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.order_errors import print_error
from klarna_om.cli.order_text import order_facts
from klarna_om.cli.plan import Plan
from klarna_om.cli.printable import printable
from klarna_om.lifecycle import allows


def require_terminal() -> None:
    """A question needs a person who sees and answers it."""
    streams = (sys.stdin, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        raise click.UsageError("there is no terminal to ask on, so nothing was sent: --yes answers the question")


def confirm(plan: Plan) -> None:
    """Show the order and what is about to happen; ends the command unless the answer is yes."""
    facts = order_facts(plan.target.order)
    width = max(map(len, facts), default=0)
    click.echo(f"Order {printable(plan.target.order_id)}", err=True)
    for name, value in facts.items():
        click.echo(f"  {name:<{width}}  {value}", err=True)
    for reason in allows(plan.target.order, plan.operation, amount=plan.amount).reasons:
        words = with_currency(with_option_names(reason), plan.target.order.purchase_currency)
        click.echo(f"Klarna will probably refuse it: {printable(words)}", err=True)
    reference = f", under the reference {plan.reference}" if plan.reference else ""
    try:
        answer = click.confirm(f"{plan.to_do[0].upper()}{plan.to_do[1:]}{reference}?", err=True)
    except click.Abort:
        click.echo(err=True)
        print_error("interrupted; nothing was sent")
        raise SystemExit(ExitCode.INTERRUPTED) from None
    if not answer:
        print_error("nothing was sent")
        raise SystemExit(ExitCode.INCOMPLETE)
