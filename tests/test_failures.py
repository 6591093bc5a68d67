"""What an exception of the HTTP session says about a request."""

from unittest.mock import Mock

import aiohttp
import pytest

from klarna_om.errors import SessionFailed
from klarna_om.exchange import Request
from klarna_om.http.failures import describe, failure_before_answer
from klarna_om.outcome import Outcome


def test_an_exception_that_nobody_foresaw_leaves_the_outcome_unknown() -> None:
    failure = failure_before_answer(Request("orders.acknowledge", "POST", "/x"), RuntimeError("odd"))

    assert isinstance(failure, SessionFailed)
    assert failure.outcome is Outcome.UNKNOWN
    assert "RuntimeError: odd; the request may have been sent" in str(failure)


def connector_error(reason: OSError) -> Exception:
    key = aiohttp.client_reqrep.ConnectionKey("klarna.example", 443, True, True, None, None, None)
    return aiohttp.ClientConnectorError(key, reason)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (aiohttp.ServerDisconnectedError(), "ServerDisconnectedError: the server closed the connection"),
        (
            connector_error(OSError(111, "Connection refused")),
            "ClientConnectorError: cannot connect to klarna.example:443 (Connection refused)",
        ),
        (connector_error(OSError("odd")), "ClientConnectorError: cannot connect to klarna.example:443 (odd)"),
        (
            aiohttp.ClientResponseError(Mock(), (), status=400, message="not HTTP"),
            "ClientResponseError: 400, not HTTP",
        ),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_an_exception_is_described_without_the_objects_of_aiohttp(reason: Exception, text: str) -> None:
    assert describe(reason) == text
