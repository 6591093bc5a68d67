"""How a write at the command line ended: for a person, as JSON, and as exit code."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import click
import msgspec

from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.order_errors import exit_code_of, print_error
from klarna_om.cli.plan import Effect, Plan
from klarna_om.cli.printable import printable
from klarna_om.errors import KlarnaError
from klarna_om.lifecycle import allows
from klarna_om.outcome import Outcome

_AGAIN = "Run the same command again to find out: it reads the order first, so nothing is made twice."

_HEADS: Mapping[Outcome, str] = {
    Outcome.NOT_SENT: "not done, and nothing changed at Klarna: {}",
    Outcome.REFUSED: "refused, and nothing changed at Klarna: {}",
    Outcome.UNKNOWN: "UNKNOWN whether this happened: {}",
    Outcome.DONE: "this happened, and Klarna's answer could not be read: {}",
}


def end_unplanned(order_id: str, error: KlarnaError, *, as_json: bool) -> NoReturn:
    """The order could not be read, or leaves nothing to do."""
    print_error(f"nothing was sent: {error.explain() if error.operation else error}")
    code = exit_code_of(error)
    facts = {"order_id": order_id, "exit_code": code.value, "outcome": error.outcome.value, "error": error.to_dict()}
    if as_json:
        click.echo(msgspec.json.encode(facts).decode())
    raise SystemExit(code)


def end_done(plan: Plan, effect: Effect, *, as_json: bool) -> NoReturn:
    """Klarna shows it: sent now, or known before."""
    is_known = plan.write is None
    done = f"{plan.done}{_by_reference(plan)}"
    parts = [f"Nothing was sent, as Klarna shows: {done}" if is_known else f"{done[0].upper()}{done[1:]}"]
    message = printable("; ".join([*parts, *filter(None, (effect.result_id, effect.note))]))
    facts = {"outcome": "already_done" if is_known else "done", "result_id": effect.result_id, "message": message}
    _end(plan, ExitCode.DONE, facts, as_json=as_json, message=message)


def end_failed(plan: Plan, error: KlarnaError, *, as_json: bool) -> NoReturn:
    """The outcome first, then every attempt, then what to do."""
    is_in_doubt = error.outcome in (Outcome.UNKNOWN, Outcome.DONE)
    _print_failure(plan, error.outcome, error.explain(), *([_AGAIN] if is_in_doubt else _reasons(plan, error)))
    code = ExitCode.INCOMPLETE if is_in_doubt else exit_code_of(error)
    _end(plan, code, {"outcome": error.outcome.value, "error": error.to_dict()}, as_json=as_json)


def _reasons(plan: Plan, error: KlarnaError) -> Iterator[str]:
    """What the order shows against it, unless the error says so."""
    for reason in allows(plan.target.order, plan.operation, amount=plan.amount).reasons:
        if reason not in error.what_to_do():
            yield f"  the order shows: {reason}"


def end_interrupted(plan: Plan, *, as_json: bool) -> NoReturn:
    """Ctrl-C while it may have been sent."""
    _print_failure(plan, Outcome.UNKNOWN, "interrupted while it may have been on its way", _AGAIN)
    _end(plan, ExitCode.INCOMPLETE, {"outcome": Outcome.UNKNOWN.value}, as_json=as_json)


def _print_failure(plan: Plan, outcome: Outcome, *lines: str) -> None:
    head = _HEADS[outcome].format(f"{plan.to_do}{_by_reference(plan)}")
    print_error("\n".join([head, *lines]), plan.target.order.purchase_currency)


def _by_reference(plan: Plan) -> str:
    reference = f", reference {plan.reference}" if plan.reference else ""
    return f" of order {plan.target.order_id}{reference}"


def _end(plan: Plan, code: ExitCode, result: Mapping[str, Any], *, as_json: bool, message: str = "") -> NoReturn:
    if as_json:
        facts = {
            "operation": plan.operation,
            "order_id": plan.target.order_id,
            "exit_code": code.value,
            "amount": plan.amount,
            "currency": plan.target.order.purchase_currency,
            "reference": plan.reference,
            "idempotency_key": None if plan.write is None else str(plan.write.key),
        }
        click.echo(msgspec.json.encode({**facts, **result}).decode())
    elif message:
        click.echo(message)
    raise SystemExit(code)
