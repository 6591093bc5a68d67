"""SQLAlchemy's engines for the DSN of a test."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL


def url(dsn: str, driver: str) -> URL:
    """SQLAlchemy's form of a DSN; the socket's directory goes into the query."""
    parts: dict[str, Any] = conninfo_to_dict(dsn)
    query = {"host": parts["host"]} if parts["host"].startswith("/") else {}
    host = None if query else parts["host"]
    port = int(parts["port"]) if parts.get("port") else None
    return URL.create(driver, parts["user"], parts.get("password"), host, port, parts["dbname"], query)
