"""The example shops, each on a database, with the sandbox in Klarna's place."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from klarna_om.sandbox import Sandbox
from tests.outbox.engines import url
from tests.support.web_servers import serve_aiohttp, serve_asgi

TOKEN = "a-long-random-text"

Serve = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture
def framework(request: pytest.FixtureRequest) -> str:
    """`fastapi` or `aiohttp`, as the test says."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty SQLite file, or an empty database of PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
    dsn: str = request.getfixturevalue("empty_database")
    return url(dsn, "postgresql+psycopg").render_as_string(hide_password=False)


@pytest.fixture
def empty_database(postgres_server: str) -> object:
    """The DSN of a database without tables."""
    from tests.support.postgres import new_database

    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def _environment(database_url: str, klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shop reads when it starts."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PUSH_TOKEN", TOKEN)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", klarna_sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", klarna_sandbox.username)
    monkeypatch.setenv("KLARNA_OM_PASSWORD", klarna_sandbox.password)


@pytest.fixture
def serve(framework: str, _environment: None) -> Serve:
    """Starts a shop in a real server."""
    if framework == "fastapi":
        from examples.fastapi_shop.app import make_app

        return lambda: serve_asgi(make_app())
    from examples.aiohttp_shop import app

    return lambda: serve_aiohttp(app.make_app())


def on(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    """Run with each framework on the database beside it."""
    return pytest.mark.parametrize(("framework", "database_url"), pairs, indirect=True)
