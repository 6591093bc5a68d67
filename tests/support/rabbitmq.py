"""A real RabbitMQ: the one that `KLARNA_OM_TEST_RABBITMQ` names, or the one of this machine."""

import os
import socket
from urllib.parse import urlsplit

import pytest

LOCAL = "amqp://guest:guest@127.0.0.1:5672"
MISSING = "no RabbitMQ: start `rabbitmq-server`, or set KLARNA_OM_TEST_RABBITMQ to a URL"


def find_rabbitmq() -> str:
    """Its URL; without one, skip, or fail in CI."""
    url = os.environ.get("KLARNA_OM_TEST_RABBITMQ", LOCAL)
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port or 5672), timeout=2).close()
    except OSError:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return url
