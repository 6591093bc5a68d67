"""Two processes that claim at the same moment bind the outbox to one host."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from klarna_om import ConfigurationError
from klarna_om.outbox.binding import bind
from klarna_om.outbox.connections import Rows, Transaction, transaction_on

HOST = "https://api.klarna.com"


def beaten_by(target: str, connection: sqlite3.Connection) -> Transaction:
    """A transaction in which another process binds the outbox between our look and our write."""
    transaction = transaction_on(connection, lambda _dialect: 0.0)
    fetch = transaction.fetch

    async def run(statement: str, values: dict[str, Any]) -> Rows:
        if statement.startswith("update"):
            await fetch("update {version} set target = :target where target is null", target=target)
        return await fetch(statement, **values)

    return evolve(transaction, run=run)


async def test_the_slower_of_two_finds_its_own_host(sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as connection:
        await bind(beaten_by(HOST, connection), HOST)

        await bind(transaction_on(connection, lambda _dialect: 0.0), HOST)


async def test_the_slower_of_two_is_refused_where_the_faster_goes_to_another_host(sqlite_file: Path) -> None:
    refusal = pytest.raises(ConfigurationError, match="was drained to https://api.klarna.com")
    with closing(sqlite3.connect(sqlite_file)) as connection, refusal:
        await bind(beaten_by(HOST, connection), "https://api.playground.klarna.com")
