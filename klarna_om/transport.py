"""The last handler: one HTTP exchange over aiohttp, and what is known when it breaks."""

import asyncio
import sys
from functools import cached_property

import aiohttp
from attrs import field, frozen
from yarl import URL

from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    NoAnswer,
)
from klarna_om.exchange import Request, Response
from klarna_om.outcome import Outcome
from klarna_om.pace.closing import Closing

CONNECT_TIMEOUT = 10.0
"""Seconds to connect, name look-up and TLS included. What takes longer counts as failed: nothing was sent."""

CONNECT_SHARE = 0.9
"""A connection may use this part of a shorter limit, so that its failure is told apart from a missing answer."""


NO_CONTENT_TYPE = ("Content-Type",)
"""aiohttp would call an empty POST `application/octet-stream`."""


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


@frozen
class Transport:
    """Sends a request and reads the answer to its end; never follows a redirect."""

    session: aiohttp.ClientSession = field(repr=False)
    base_url: str
    user_agent: str
    attempt_timeout: float
    limits: aiohttp.ClientTimeout = field(repr=False)
    closing: Closing = field(repr=False, factory=Closing)

    @cached_property
    def _origin(self) -> URL:
        """The base URL, parsed once for all requests."""
        return URL(self.base_url, encoded=True)

    async def __call__(self, request: Request) -> Response:
        """Return the answer, whatever its status, or raise `NoAnswer`."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        until, timeout = started + self.attempt_timeout, self.limits
        if request.deadline is not None and request.deadline < until:
            until, timeout = request.deadline, limits(max(request.deadline - started, 0.001))
        answer: aiohttp.ClientResponse | None = None
        limit = self.closing.limit(until)
        try:
            async with limit:
                answer = await self._ask(request, timeout)
                body = await self._read(answer)
        except TimeoutError:
            late = self._late(answer, loop.time() - started)
            late.about(request)
            raise late from None
        except (NoAnswer, InvalidRequest) as error:
            error.about(request)
            raise
        finally:
            self.closing.forget(limit)
        return Response(request, answer.status, answer.headers, body, loop.time() - started)

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

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(self.base_url + path, encoded=True)
        return self._origin.with_path(self._origin.raw_path.rstrip("/") + path, encoded=True)

    async def _ask(self, request: Request, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        if self.closing.is_closed:
            raise ClientClosed("this client is closed; nothing was sent")
        headers = {**request.headers, "Accept": "application/json", "User-Agent": self.user_agent}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return await self.session.request(
                request.method,
                self._url(request.path),
                data=request.body,
                headers=headers,
                skip_auto_headers=NO_CONTENT_TYPE if request.is_write and request.body is None else None,
                allow_redirects=False,
                raise_for_status=False,
                timeout=timeout,
            )
        except (aiohttp.ClientError, OSError) as reason:
            raise _silence(reason) from reason
        except (TypeError, ValueError) as reason:
            # Before a byte is sent: a header or URL that aiohttp cannot write, or a session with an `auth` of its own.
            raise InvalidRequest((f"aiohttp cannot send it: {reason}",)) from reason
        except RuntimeError as reason:
            if self.session.closed:
                raise ClientClosed("the HTTP session is closed; nothing was sent") from reason
            raise

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        try:
            return await answer.read()
        except (aiohttp.ClientError, OSError) as reason:
            raise AnswerCut(
                f"the answer ({answer.status}) broke off: {_told(reason)}",
                answer.status,
                answer.headers,
            ) from reason


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
