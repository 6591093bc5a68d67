"""The last handler: one HTTP exchange over aiohttp, and what is known when it fails."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property

import aiohttp
from aiohttp.hdrs import ACCEPT, CONTENT_TYPE, USER_AGENT
from aiohttp.hdrs import ACCEPT_ENCODING as ACCEPT_ENCODING_HEADER
from attrs import field, frozen
from msgspec.structs import replace
from yarl import URL

from klarna_om.answers.classification import classify, outcome_of_head
from klarna_om.clock import loop_time
from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    ClientClosed,
    ConfigurationError,
    KeyExpired,
    KlarnaError,
    NoAnswer,
)
from klarna_om.exchange import Request, Response
from klarna_om.http.body import ACCEPT_ENCODING, BodyError, read_body
from klarna_om.http.connector import Answer
from klarna_om.http.failures import failure_before_answer, without_library_frames
from klarna_om.http.route import Route
from klarna_om.outcome import Outcome
from klarna_om.pace.deadlines import Deadlines

CONNECT_TIMEOUT = 10.0
"""Seconds to connect, name look-up and TLS included. What takes longer counts as failed: nothing was sent."""

CONNECT_SHARE = 0.9
"""A connection may use this part of a shorter limit, so that its failure differs from a missing answer."""


def limits(seconds: float) -> aiohttp.ClientTimeout:
    """Aiohttp's own limits for an attempt of that length.

    Only the connection is limited there; the attempt is limited around the whole exchange, because aiohttp's total
    would count the wait for a pooled connection.
    """
    connect = min(CONNECT_TIMEOUT, CONNECT_SHARE * seconds)
    # aiohttp rounds limits above `ceil_threshold` up to a whole second, which could be after the attempt's own.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=None, ceil_threshold=2 * CONNECT_TIMEOUT)


def user_agent(version: str, extra: str | None = None) -> str:
    """`klarna-om/1.0 python/3.11 aiohttp/3.14`, followed by the caller's `user_agent_extra`."""
    if extra is not None and not (extra.isascii() and extra.isprintable()):
        raise ConfigurationError("user_agent_extra must be printable ASCII")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    product = f"klarna-om/{version} python/{python} aiohttp/{aiohttp.__version__}"
    return f"{product} {extra}" if extra else product


def default_headers(user_agent: str) -> Mapping[str, str]:
    """The headers of every request."""
    return {ACCEPT: "application/json", ACCEPT_ENCODING_HEADER: ACCEPT_ENCODING, USER_AGENT: user_agent}


@frozen(eq=False)
class Transport:
    """Sends a request and reads the answer to its end; never follows a redirect."""

    session: aiohttp.ClientSession = field(repr=False)
    base_url: str
    headers: Mapping[str, str]
    """The headers of every request that the session does not send by itself."""
    attempt_timeout: float
    limits: aiohttp.ClientTimeout = field(repr=False)
    deadlines: Deadlines = field(repr=False, factory=Deadlines)
    clock: Callable[[], float] = field(repr=False, default=loop_time)
    route: Route = field(repr=False, factory=Route)

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
        if self.deadlines.is_closed:
            raise self._client_closed(request)
        started = self.clock()
        until, timeout = started + self.attempt_timeout, self.limits
        if request.deadline is not None and request.deadline < until:
            until, timeout = request.deadline, limits(max(request.deadline - started, 0.001))
        answer: aiohttp.ClientResponse | None = None
        limit = self.deadlines.start(until)
        try:
            with limit:
                answer = await self._send(request, timeout)
                body = await read_body(answer)
        except KeyExpired:
            raise
        except Exception as reason:  # noqa: BLE001 - a hook of the caller's session may raise anything
            is_late = limit.is_over and type(reason) is TimeoutError
            waited = self.clock() - started
            failure = self._late(request, answer, waited) if is_late else self._failure(request, answer, reason)
            cause = None if is_late else without_library_frames(reason)
        except asyncio.CancelledError as cancelled:
            raise without_library_frames(cancelled)  # noqa: B904 - the same exception, without frames that show secrets
        else:
            response = Response(request, answer.status, answer.headers, body, self.clock() - started)
            classification = classify(response)
            if not classification.is_klarnas and answer.status < 500 and isinstance(answer, Answer):
                answer.drop()
            return replace(response, classification=classification)
        # Raised here and not above, where the exception and its frames would come along as the context.
        failure.about(request)
        raise failure from cause

    def _client_closed(self, request: Request) -> ClientClosed:
        error = ClientClosed("this client is closed; nothing was sent")
        error.about(request)
        return error

    def _send(self, request: Request, timeout: aiohttp.ClientTimeout) -> Awaitable[aiohttp.ClientResponse]:
        # JSON also for a write without a body, as in Klarna's PHP SDK; aiohttp would call it an octet stream.
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
            auto_decompress=False,
            **self.route.arguments,
        )

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(self.base_url + path, encoded=True)
        return self._origin.with_path(self._root + path, encoded=True)

    def _late(self, request: Request, answer: aiohttp.ClientResponse | None, waited: float) -> NoAnswer:
        """The time limit is over, or the client was closed."""
        if answer is not None:
            return _answer_cut(request, answer, f"did not end within {waited:.1f} s")
        if self.deadlines.is_closed:
            error = ClientClosed(f"this client was closed {waited:.1f} s after sending began; it may have been sent")
            error.outcome = Outcome.UNKNOWN
            return error
        return AnswerTimeout(f"no answer within {waited:.1f} s; it may have been sent")

    def _failure(self, request: Request, answer: aiohttp.ClientResponse | None, reason: Exception) -> KlarnaError:
        """The error for a failure, with what is known of the effect."""
        if answer is None:
            return self.route.with_hint(failure_before_answer(request, reason))
        if isinstance(reason, BodyError):
            return _answer_cut(request, answer, f"cannot be read: {reason}")
        return _answer_cut(request, answer, f"broke off ({type(reason).__name__})")


def _answer_cut(request: Request, answer: aiohttp.ClientResponse, what: str) -> AnswerCut:
    outcome = outcome_of_head(request, answer.status, answer.headers)
    return AnswerCut(f"the answer ({answer.status}) {what}", answer.status, answer.headers, outcome)
