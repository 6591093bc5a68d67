"""What PostgreSQL and SQLite say differently. Statements are written once, with `{...}` for what differs.

Parameters are written as `:name`. All times are on one clock: the database's own, or `:now` where a clock was given.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import frozen

from klarna_om.outbox.intent import COLUMNS
from klarna_om.outbox.states import OPEN, SETTLED, WAITING, State

CHANNEL = "klarna_om_intents"
"""PostgreSQL's notifications: something was added, or has ended."""


def _list(states: tuple[State, ...]) -> str:
    return f"({', '.join(repr(state.value) for state in states)})"


WORDS: Mapping[str, str] = {
    "columns": ", ".join(COLUMNS),
    "columns_of_i": ", ".join(f"i.{name}" for name in COLUMNS),
    "waiting_states": _list(WAITING),
    "open_states": _list(OPEN),
    "settled_states": _list(SETTLED),
    "is_due": """i.state in {waiting_states} and i.due <= {now}
        and (i.lease_until is null or i.lease_until <= {now}) and not {is_held_back}""",
    # An earlier intent of the order is open, or another one is at work.
    "is_held_back": """exists (
        select 1 from {intents} as other
        where other.order_id = i.order_id and other.id <> i.id and other.state in {open_states}
            and (other.number < i.number or other.lease_until > {now}))""",
}
"""What both say alike."""


@frozen(eq=False)
class Dialect:
    """The words of one kind of database."""

    name: str
    """As SQLAlchemy calls it."""
    words: Mapping[str, str]
    """What stands for each `{...}`."""

    @cache  # noqa: B019 - there are two dialects, and some twenty statements
    def render(self, statement: str) -> str:
        """The statement in this dialect."""
        while "{" in statement:
            statement = statement.format_map({**WORDS, **self.words})
        return statement


POSTGRESQL = Dialect(
    "postgresql",
    {
        "intents": "klarna_om.intents",
        "version": "klarna_om.outbox_version",
        "now": "coalesce(to_timestamp(cast(:now as double precision)), clock_timestamp())",
        "seconds": "make_interval(secs => cast(:seconds as double precision))",
        "age": "extract(epoch from {now} - i.first_tried)",
        "lock_row": "for update of i skip locked",
        "lock_order": "select pg_advisory_xact_lock(hashtextextended(:order_id, 7849))",
        "notify": f"select cast(pg_notify('{CHANNEL}', '') as text)",
    },
)

SQLITE = Dialect(
    "sqlite",
    {
        "intents": "klarna_om_intents",
        "version": "klarna_om_outbox_version",
        "now": "cast(:now as real)",
        "seconds": ":seconds",
        "age": "{now} - i.first_tried",
        "lock_row": "",
        "lock_order": "select 1 where :order_id is not null",  # one transaction writes at a time
        "notify": "select 1",  # nobody listens; a drain in this process is woken, another one polls
    },
)

_parameter = re.compile(r"(?<![:\w]):([a-z_]+)")


def for_psycopg(statement: str) -> str:
    """The same statement with `%(name)s` for its parameters."""
    return _parameter.sub(r"%(\1)s", statement.replace("%", "%%"))


def parameters_of(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the statement names: SQLAlchemy refuses others."""
    named = set(_parameter.findall(statement))
    return {name: value for name, value in values.items() if name in named}
