"""An intent is added in a transaction of the shop's; a connection that commits each statement has none."""

import sqlite3
from typing import Any

from klarna_om.errors import ConfigurationError

ADVICE = (
    "the connection is in autocommit mode and in no transaction, so the intent could not be rolled back: begin a"
    " transaction first (psycopg: `async with connection.transaction()`; sqlite3: `begin`)"
)


def check_transaction(connection: Any) -> None:
    """Refuse a connection on which what is added would be committed at once."""
    if _commits_each_statement(connection):
        raise ConfigurationError(ADVICE)


def _commits_each_statement(connection: Any) -> bool:
    if isinstance(connection, sqlite3.Connection):
        return connection.isolation_level is None and not connection.in_transaction
    if getattr(connection, "autocommit", False) is True:  # psycopg
        from psycopg.pq import TransactionStatus

        return bool(connection.info.transaction_status == TransactionStatus.IDLE)
    within = getattr(connection, "sync_connection", None)  # SQLAlchemy's
    return within is not None and bool(within.get_execution_options().get("isolation_level") == "AUTOCOMMIT")
