"""Why a call failed, in a few plain words: for the progress of a paused job, and for what stopped one."""

import socket
import ssl
from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH
from urllib.parse import urlsplit

import aiohttp

from klarna_om.batch.calls import in_one_line
from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
    KlarnaError,
    Unauthorized,
)

_ERRNOS = {ECONNREFUSED: "refused", EHOSTUNREACH: "no route to it", ENETUNREACH: "no network"}

MAX_KIND = 60
"""Characters of a content type or an error code that are shown."""


def describe_failure(error: KlarnaError, target: str) -> str:
    """What went wrong with a call to `target`, a base URL: a clause without a full stop, and no library's words."""
    if isinstance(error, Unauthorized):
        return f"the credentials were rejected ({error.status})"
    if isinstance(error, AnswerCut):
        return f"the last answer ({error.status}) from {target} broke off"
    if error.status is not None:
        return f"the last answer was {error.status}{_kind_of_answer(error)} from {target}"
    if isinstance(error, ConnectionFailed):
        return _describe_connection(error, target)
    if isinstance(error, AnswerTimeout):
        return f"no answer from {target} in time"
    if isinstance(error, ConnectionLost):
        return f"the connection to {target} ended without a complete answer"
    return as_clause(error.message)


def as_clause(message: str) -> str:
    """A message of another server or an error, to be quoted within a sentence: one line, without a full stop."""
    return in_one_line(message).rstrip(".")


def _kind_of_answer(error: KlarnaError) -> str:
    """Klarna's code, else the content type: it tells a gateway's page from an answer of an API."""
    kind = error.error_code or error.headers.get("Content-Type", "").partition(";")[0]
    return f" ({in_one_line(kind)[:MAX_KIND]})" if kind.strip() else ""


def _describe_connection(error: ConnectionFailed, target: str) -> str:
    cause = error.__cause__
    address = _address(cause) or _host_and_port(target)
    if isinstance(error, CertificateRejected):
        why = getattr(getattr(cause, "certificate_error", None), "verify_message", "")
        return f"the certificate of {address} was rejected" + (f" ({why})" if why else "")
    where = f"the proxy {address}" if isinstance(cause, aiohttp.ClientProxyConnectionError) else address
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return f"the proxy refused to connect to {_host_and_port(target)} ({cause.status})"
    reason = _reason(cause)
    return f"no connection to {where}" + (f" ({reason})" if reason else "")


def _address(cause: BaseException | None) -> str | None:
    """Where the connection went: a proxy's address where there is one."""
    if not isinstance(cause, aiohttp.ClientConnectorError):
        return None
    return f"[{cause.host}]:{cause.port}" if ":" in cause.host else f"{cause.host}:{cause.port}"


def _host_and_port(target: str) -> str:
    return urlsplit(target).netloc


def _reason(cause: BaseException | None) -> str | None:
    if isinstance(cause, aiohttp.ClientConnectorError):
        cause = cause.os_error
    if isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(cause, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(cause, TimeoutError):
        return "timed out"
    return _ERRNOS.get(cause.errno or 0) if isinstance(cause, OSError) else None
