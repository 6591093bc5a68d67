"""What is known when an exchange breaks: from an exception, of aiohttp or the caller's session, to a typed error."""

import sys
from collections.abc import Iterator
from enum import Enum
from types import TracebackType

import aiohttp

from klarna_om.errors import (
    CertificateRejected,
    ClientClosed,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    KlarnaError,
    NoAnswer,
    SessionFailed,
)
from klarna_om.exchange import Request
from klarna_om.headers import is_writable, unwritable
from klarna_om.http.connector import Disconnected, UnaskedAnswerError
from klarna_om.outcome import Outcome

_HTTP_STACK = frozenset({"aiohappyeyeballs", "aiohttp", "aioresponses", "async_timeout", "klarna_om", "uvloop", "yarl"})
"""Where an exception about our own request comes from; aioresponses is the session in its users' tests."""

_SEND = ("aiohttp.client", "_request")

_LIBRARIES = ("aiohttp", "aiosignal", "asyncio", "ssl", "uvloop")


def failure_before_answer(request: Request, reason: Exception) -> KlarnaError:
    """What a failure before any answer says about the effect."""
    where = _where_raised(reason)
    if where is Raised.ELSEWHERE:
        return SessionFailed(f"the HTTP session's own code raised {describe(reason)}; the request may have been sent")
    if isinstance(reason, aiohttp.ClientError | OSError):
        failure = _silence(reason)
        if where is Raised.THROUGH_OTHERS:
            failure.outcome = Outcome.UNKNOWN
        return failure
    if isinstance(reason, RuntimeError) and str(reason) == "Session is closed":  # aiohttp's first check of all
        return ClientClosed("the HTTP session is closed; nothing was sent")
    if isinstance(reason, TypeError | ValueError) and (problems := _unwritable_headers(request)):
        return InvalidRequest(problems)
    # A trace config, a middleware or whatever else the caller's session has; when it ran, nobody knows.
    return SessionFailed(f"the HTTP session raised {describe(reason)}; the request may have been sent")


class Raised(Enum):
    """Where an exception came from."""

    HERE = "by the HTTP library, for our request"
    THROUGH_OTHERS = "by the HTTP library, below code of the caller's, which may have sent the request before"
    ELSEWHERE = "by code of the caller's: its class says nothing about our request"


def _where_raised(reason: BaseException) -> Raised:
    """Say it by the traceback: a hook, a middleware or a tracing agent may stand around or within aiohttp."""
    frames = [frame.tb_frame for frame in _walk(reason.__traceback__)]
    modules = [str(frame.f_globals.get("__name__", "")) for frame in frames]
    # Twice in the traceback: code of the caller's made a request of its own.
    sends = sum((module, frame.f_code.co_name) == _SEND for module, frame in zip(modules, frames, strict=True))
    last = max((n for n, module in enumerate(modules) if _package(module) in _HTTP_STACK), default=-1)
    if "aiohttp.tracing" in modules or sends > 1 or any(map(_is_foreign, modules[last + 1 :])):
        return Raised.ELSEWHERE
    return Raised.THROUGH_OTHERS if any(map(_is_foreign, modules)) else Raised.HERE


def _package(module: str) -> str:
    return module.partition(".")[0]


def _is_foreign(module: str) -> bool:
    return _package(module) not in _HTTP_STACK and _package(module) not in sys.stdlib_module_names


def _silence(reason: Exception) -> NoAnswer:
    message = describe(reason)
    if isinstance(reason, aiohttp.ClientConnectorCertificateError):
        return CertificateRejected(message)
    if isinstance(reason, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return ConnectionFailed(message)
    if isinstance(reason, UnaskedAnswerError):
        return ConnectionFailed(f"{reason}; nothing was sent")
    if isinstance(reason, aiohttp.ClientHttpProxyError):
        return ConnectionFailed(f"the proxy refused: {message}")
    return ConnectionLost(message)


def _unwritable_headers(request: Request) -> tuple[str, ...]:
    """The headers that aiohttp refuses to write, before it sends anything."""
    return tuple(
        f"headers: {unwritable(name)}" for name, value in request.headers.items() if not is_writable(name, value)
    )


def describe(reason: BaseException) -> str:
    """An exception in a line: its class, to look it up, and what it says, without the objects of aiohttp in it."""
    if isinstance(reason, Disconnected) and reason.__cause__ is not None:
        reason = reason.__cause__
    text = _text_of(reason)
    return f"{type(reason).__name__}: {text}" if text else type(reason).__name__


def _text_of(reason: BaseException) -> str:
    if isinstance(reason, aiohttp.ServerDisconnectedError):
        return "the server closed the connection"
    if isinstance(reason, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {reason.host}:{reason.port} was rejected ({reason.certificate_error})"
    if isinstance(reason, aiohttp.ClientConnectorError):
        return f"cannot connect to {reason.host}:{reason.port} ({reason.os_error.strerror or reason.os_error})"
    if isinstance(reason, aiohttp.ClientResponseError):
        return f"{reason.status}, {reason.message}"
    return str(reason)


def without_library_frames(reason: BaseException) -> BaseException:
    """Cut the libraries' frames out of a traceback, here and in what led to it: their locals hold the credentials."""
    current: BaseException | None = reason
    while current is not None:
        current.__traceback__ = _own_frames(current.__traceback__)
        current = current.__cause__ or current.__context__
    return reason


def _own_frames(traceback: TracebackType | None) -> TracebackType | None:
    kept = None
    for frame in reversed(list(_walk(traceback))):
        if str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0] not in _LIBRARIES:
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
