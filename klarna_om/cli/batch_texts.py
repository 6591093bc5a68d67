"""The help of the commands that run a job."""

from klarna_om.batch.columns import Columns
from klarna_om.cli.exit_codes import MEANINGS
from klarna_om.workflows.writes import ONCE

_AFTER = """The first Ctrl-C (or SIGTERM) lets the calls in progress end, the second stops at once. After either, after
a crash or a power cut, the same command continues: what may have been sent is repeated under its old idempotency key,
which Klarna executes once. That holds for one journal: another one knows nothing of it. If the manifest has changed,
rows that are known keep their outcome, and rows that it no longer names are not sent."""


def help_of(operation: str) -> str:
    """What a command does, and what its manifest has."""
    what = (
        "Acknowledge every order of MANIFEST once"
        if operation == "orders.acknowledge"
        else f"Make the write {operation} once for every row of MANIFEST"
    )
    return f"""{what}; run it again to continue after an interruption.

MANIFEST is CSV with a header, JSON, or plain lines of order ids; `-` reads standard input and needs --journal, as any
pipe does. {_columns(operation)} Other columns come back in the report. Repeated, blank and malformed lines are reported
and not sent."""


def _columns(operation: str) -> str:
    columns = Columns(operation, "order_id")
    if columns.is_bare:
        return "It needs the order id only."
    required = ", ".join(columns.required)
    more = ", ".join(name for name in (*columns.own, *columns.fields) if name not in columns.required)
    texts = [f"Beside the order id it has {required}." if required else ""]
    texts.append(f"It may have {more}." if more else "")
    texts.append("`reference` is your own name for the write, by which it is made once.")
    if operation in ONCE:
        texts.append("Amounts are in minor units: 1250 for 12.50.")
    if columns.takes is not None:
        texts.append("In a CSV, nested fields have columns such as order_lines.name, or a cell of JSON.")
    return " ".join(filter(None, texts))


def epilog_of(name: str, operation: str) -> str:
    """An example, what happens after an interruption, and the exit codes."""
    file = "orders.csv" if operation == "orders.acknowledge" else "rows.csv"
    codes = "\n".join(f"  {code.value}  {meaning}" for code, meaning in MEANINGS.items())
    return f"""\b
Example:
  export KLARNA_OM_ENVIRONMENT=eu KLARNA_OM_USERNAME=... KLARNA_OM_PASSWORD=...
  klarna-om {name} {file} --dry-run
  klarna-om {name} {file}

{_AFTER}

\b
Exit codes:
{codes}"""
