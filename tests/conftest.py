"""The fixtures that all tests share."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from klarna_om.client import KlarnaClient
from klarna_om.middleware.key_guard import forget_keys
from tests.support.shared import KLARNA
from tests.support.time import Clock, Sleeps, longest
from tests.support.wire import Wire, wire

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

    from tests.support.postgres import PostgresServer

# The same examples on each run: a run that fails can be repeated, and none fails for another's change.
settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40
)
settings.register_profile("long", parent=settings.get_profile("suite"), derandomize=False, max_examples=3000)
settings.load_profile("suite")

# The commands of tests leave no file for each of their servers in the machine's memory.
os.environ["KLARNA_OM_PACE"] = "shared"

# What runs in the background of a shell ignores Ctrl-C, and so would the commands that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: much of the suite waits for sockets and for processes."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--openapi FILE`: compare the contract with another version of Klarna's specification."""
    parser.addoption("--openapi", metavar="FILE", help="another version of Klarna's specification (test_contract.py)")


def pytest_report_header() -> str:
    """State what the contract is compared with, since Klarna's documents are not part of the project."""
    present = (
        "and those that Klarna published" if KLARNA.is_dir() else "alone; nothing is published beside this checkout"
    )
    return f"contract: the project's own description and documents, {present}"


@pytest.fixture(autouse=True)
def _no_keys_of_other_tests() -> None:
    """To the key guard each test is a new process."""
    forget_keys()


MakeClient = Callable[..., KlarnaClient]


@pytest.fixture
async def server() -> AsyncIterator[Wire]:
    """A raw server that records bytes."""
    async with wire() as served:
        yield served


@pytest.fixture
def sleeps() -> Sleeps:
    """Every wait of a client."""
    return Sleeps()


@pytest.fixture
def wall_clock() -> Clock:
    """The time of day, standing still."""
    return Clock()


@pytest.fixture
async def make_client(server: Wire, sleeps: Sleeps, wall_clock: Clock) -> AsyncIterator[MakeClient]:
    """Makes clients of the raw server whose time does not pass; they are closed after the test."""
    made: list[KlarnaClient] = []

    def make(environment: str | None = None, **options: Any) -> KlarnaClient:
        settings: dict[str, Any] = {
            "username": "user",
            "password": "secret",
            "pace": "off",
            "sleep": sleeps,
            "uniform": longest,
            "wall_clock": wall_clock,
            **options,
        }
        made.append(KlarnaClient(environment or server.url, **settings))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def klarna(make_client: MakeClient) -> KlarnaClient:
    """A client of the raw server."""
    return make_client()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a PostgreSQL (`tests.support.postgres`)."""
    from tests.support.postgres import any_server

    with any_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def crashing_server() -> Iterator["PostgresServer"]:
    """A server that a test may stop, if it starts it again."""
    from tests.support.postgres import server_from_wheel

    with server_from_wheel() as started:
        yield started


@pytest.fixture(scope="session")
def _outbox_database(postgres_server: str) -> Iterator[str]:
    from tests.support.postgres import database_with_outbox

    with database_with_outbox(postgres_server) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def journals(postgres_server: str) -> Iterator[str]:
    """The DSN of a database with the tables of the journals. Each test makes a job of its own."""
    from tests.support.postgres import database_with_journals

    with database_with_journals(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def postgres(_outbox_database: str) -> str:
    """The DSN of a database with empty tables: the outbox's, and a shop's `shipments`."""
    from tests.support.postgres import empty

    empty(_outbox_database)
    return _outbox_database


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator["AsyncConnectionPool"]:
    """A pool of that database."""
    from psycopg_pool import AsyncConnectionPool

    async with AsyncConnectionPool(postgres, min_size=1, max_size=8, open=False) as opened:
        yield opened
