"""The last handler: one HTTP exchange over aiohttp, and what is known when it breaks."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property

import aiohttp
from aiohttp.hdrs import ACCEPT, CONTENT_TYPE, USER_AGENT
from attrs import field, frozen
from yarl import URL

from klarna_om.clock import loop_time
from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    KlarnaError,
    NoAnswer,
)
from klarna_om.exchange import Request, Response
from klarna_om.outcome import Outcome
from klarna_om.pace.closing import Closing

CONNECT_TIMEOUT = 10.0
"""Seconds to connect, name look-up and TLS included. What takes longer counts as failed: nothing was sent."""

CONNECT_SHARE = 0.9
"""A connection may use this part of a shorter limit, so that its failure is told apart from a missing answer."""


def limits(seconds: float) -> aiohttp.ClientTimeout:
    """Aiohttp's own limits for an attempt of that length.

    Only the connection is limited there; the attempt is limited around the whole exchange, because aiohttp's total
    would count the wait for a pooled connection.
    """
    connect = min(CONNECT_TIMEOUT, CONNECT_SHARE * seconds)
    # aiohttp rounds limits above `ceil_threshold` up to a whole second, which could be after the attempt's own.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=None, ceil_threshold=2 * CONNECT_TIMEOUT)


def user_agent(version: str, extra: str | None = None) -> str:
    """`klarna-om/1.0 python/3.11 aiohttp/3.14`, and the caller's own words after it."""
    if extra is not None and not (extra.isascii() and extra.isprintable()):
        raise ConfigurationError("user_agent_extra must be printable ASCII")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    product = f"klarna-om/{version} python/{python} aiohttp/{aiohttp.__version__}"
    return f"{product} {extra}" if extra else product


def standing_headers(user_agent: str) -> Mapping[str, str]:
    """What every request says."""
    return {ACCEPT: "application/json", USER_AGENT: user_agent}


@frozen
class Transport:
    """Sends a request and reads the answer to its end; never follows a redirect."""

    session: aiohttp.ClientSession = field(repr=False)
    base_url: str
    headers: Mapping[str, str]
    """What every request says and the session does not say by itself."""
    attempt_timeout: float
    limits: aiohttp.ClientTimeout = field(repr=False)
    closing: Closing = field(repr=False, factory=Closing)
    clock: Callable[[], float] = field(repr=False, default=loop_time)

    @cached_property
    def _origin(self) -> URL:
        """The base URL, parsed once for all requests."""
        return URL(self.base_url, encoded=True)

    @cached_property
    def _root(self) -> str:
        """Its path, above every request's own."""
        return self._origin.raw_path.rstrip("/")

    async def __call__(self, request: Request) -> Response:
        """Return the answer, whatever its status, or raise `NoAnswer`."""
        if self.closing.is_closed:
            closed = ClientClosed("this client is closed; nothing was sent")
            closed.about(request)
            raise closed
        started = self.clock()
        until, timeout = started + self.attempt_timeout, self.limits
        if request.deadline is not None and request.deadline < until:
            until, timeout = request.deadline, limits(max(request.deadline - started, 0.001))
        answer: aiohttp.ClientResponse | None = None
        limit = self.closing.limit(until)
        try:
            with limit:
                answer = await self._asked(request, timeout)
                body = await answer.read()
        except (aiohttp.ClientError, OSError, RuntimeError, TypeError, ValueError) as reason:
            is_late = limit.is_over and type(reason) is TimeoutError
            failure = self._late(answer, self.clock() - started) if is_late else self._failure(answer, reason)
            failure.about(request)
            raise failure from (None if is_late else reason)
        return Response(request, answer.status, answer.headers, body, self.clock() - started)

    def _asked(self, request: Request, timeout: aiohttp.ClientTimeout) -> Awaitable[aiohttp.ClientResponse]:
        # A write without a body says JSON too, as Klarna's own PHP SDK does; aiohttp would call it an octet stream.
        headers = {**self.headers, **request.headers}
        if request.is_write:
            headers[CONTENT_TYPE] = "application/json"
        return self.session.request(
            request.method,
            self._url(request.path),
            data=request.body,
            headers=headers,
            allow_redirects=False,
            raise_for_status=False,
            timeout=timeout,
        )

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(self.base_url + path, encoded=True)
        return self._origin.with_path(self._root + path, encoded=True)

    def _late(self, answer: aiohttp.ClientResponse | None, waited: float) -> NoAnswer:
        """The time is over, or was ended by the client's close."""
        if answer is not None:
            told = f"the answer ({answer.status}) did not end within {waited:.1f} s"
            return AnswerCut(told, answer.status, answer.headers)
        if self.closing.is_closed:
            closed = ClientClosed(f"this client was closed {waited:.1f} s after sending began; it may have been sent")
            closed.outcome = Outcome.UNKNOWN
            return closed
        return AnswerTimeout(f"no answer within {waited:.1f} s; it may have been sent")

    def _failure(self, answer: aiohttp.ClientResponse | None, reason: Exception) -> KlarnaError:
        """What a failure says of the effect; a bug, of whomever, is raised as it is."""
        if isinstance(reason, aiohttp.ClientError | OSError):
            if answer is None:
                return _silence(reason)
            told = f"the answer ({answer.status}) broke off: {_told(reason)}"
            return AnswerCut(told, answer.status, answer.headers)
        if answer is None and isinstance(reason, TypeError | ValueError):
            # Before a byte is sent: a header or URL that aiohttp cannot write, or a session with an `auth` of its own.
            return InvalidRequest((f"aiohttp cannot send it: {reason}",))
        if answer is None and isinstance(reason, RuntimeError) and self.session.closed:
            return ClientClosed("the HTTP session is closed; nothing was sent")
        raise reason


def _silence(reason: Exception) -> NoAnswer:
    """What a failure before any answer says about the effect."""
    told = _told(reason)
    if isinstance(reason, aiohttp.ClientConnectorCertificateError):
        return CertificateRejected(told)
    if isinstance(reason, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return ConnectionFailed(told)
    if isinstance(reason, aiohttp.ClientHttpProxyError):
        return ConnectionFailed(f"the proxy refused: {told}")
    return ConnectionLost(told)


def _told(reason: Exception) -> str:
    return f"{type(reason).__name__}: {reason}" if str(reason) else type(reason).__name__
