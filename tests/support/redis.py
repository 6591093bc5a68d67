"""A real Redis: the one that `KLARNA_OM_TEST_REDIS` names, or the one of this machine."""

import os
from typing import NoReturn

import pytest
import redis

LOCAL = "redis://127.0.0.1:6379"
MISSING = "no Redis: start `redis-server`, or set KLARNA_OM_TEST_REDIS to a URL"


def find_redis() -> str:
    """Its URL; without one, skip, or fail in CI."""
    url = os.environ.get("KLARNA_OM_TEST_REDIS", LOCAL)
    with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            client.ping()
        except redis.RedisError:
            missing()
    return url


def missing() -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)
