"""An endpoint as data: the request that it makes, and how the answer is read."""

import contextvars
import inspect
import re
from collections.abc import Awaitable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

import attrs
from attrs import field, frozen

from klarna_om import structuring
from klarna_om.answers.classification import classify
from klarna_om.answers.error_from_response import error_from_response
from klarna_om.errors import InvalidRequest, KlarnaError
from klarna_om.exchange import KEY_HEADER, Expected, Request, Response
from klarna_om.ids import normalize_id
from klarna_om.keys import normalize_key
from klarna_om.middleware import Handler
from klarna_om.middleware.correlation import correlation_id

T = TypeVar("T")

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

recorded_responses: contextvars.ContextVar[list[Response] | None] = contextvars.ContextVar(
    "klarna_om_recorded_responses", default=None
)
"""Collects the answers of the calls made inside `klarna.reply(...)`."""


@frozen(eq=False)
class Operation(Generic[T]):
    """One row of the catalogue."""

    name: str
    method: str
    path: str
    """A template with one `{name}` for each id; also a route of aiohttp.web."""
    expects: Expected[T]
    """How the answer of a success looks, and how the result is read from it."""
    takes: type | None = field(default=None)
    """The type of the request's body; None where none is sent."""

    def send(
        self,
        handler: Handler,
        *,
        content: object = None,
        key: str | UUID | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        **ids: str | UUID,
    ) -> Coroutine[Any, Any, T]:
        """Make one call through the stack."""
        return execute(handler, self.request(content, key, headers, ids))

    def request(
        self, content: object, key: str | UUID | None, headers: Mapping[str, str], path_ids: Mapping[str, str | UUID]
    ) -> Request:
        """The request that this call makes; `InvalidRequest` where it cannot be written at all."""
        body = None
        ids = {name: cast("str", normalize_id(value)) for name, value in path_ids.items()}
        segments = {name: segment(value) for name, value in ids.items()}
        problems = _bad_ids(ids) if None in segments.values() else []
        problems += key_problems(key)
        if self.takes is not None:
            try:
                body = structuring.write(self._check_type(content))
            except (TypeError, ValueError) as reason:
                problems += _bad_content(content, reason)
        if problems:
            raise self._invalid_request(tuple(problems), ids)
        return Request(
            operation=self.name,
            method=self.method,
            path=self.path.format_map(segments),
            order_id=ids["order_id"],
            headers=headers if key is None else {**headers, KEY_HEADER: cast("str", normalize_key(key))},
            body=body,
            content=content,
            expects=self.expects,
        )

    def _check_type(self, content: object) -> object:
        if isinstance(content, self.takes or object):
            return content
        raise TypeError(
            f"{self.name} takes {getattr(self.takes, '__name__', None)}, not {type(content).__name__};"
            " klarna_om.structuring.from_dict makes one from a dictionary"
        )

    def _invalid_request(self, problems: tuple[str, ...], ids: Mapping[str, str]) -> InvalidRequest:
        error = InvalidRequest(problems)
        error.operation, error.order_id = self.name, ids["order_id"]
        return error


def segment(value: object) -> str | None:
    """An id as one segment of a path; None where it cannot be one. Empty or made of dots, it would lead elsewhere."""
    if not isinstance(value, str) or value.strip(".") == "":
        return None
    if _is_plain(value):
        return value
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:  # half of a surrogate pair
        return None


_is_plain = re.compile(r"[0-9A-Za-z_-]+").fullmatch
"""What need not be quoted: the ids that Klarna makes."""


def _bad_ids(ids: Mapping[str, str]) -> list[str]:
    wrong = (name for name, value in ids.items() if segment(value) is None)
    return [f"{name}: must be a string, not empty and not only dots, got {ids[name]!r}" for name in wrong]


def key_problems(key: object) -> list[str]:
    """Why it cannot be a key; empty where it can, or where there is none."""
    if key is None or normalize_key(key) is not None:
        return []
    return [f"idempotency_key: must be a string or a uuid.UUID, not {type(key).__name__}"]


def _bad_content(content: Any, reason: Exception) -> list[str]:
    """What the checks find in a body that cannot be written, else why it cannot; never a string that it holds."""
    from klarna_om import checks

    problems = list(checks.problems(content)) if attrs.has(content.__class__) else []
    message = str(reason) if isinstance(reason, TypeError) else "cannot be written as JSON"
    return problems or [f"content: {message}"]


async def execute(handler: Handler, request: Request) -> Any:
    """Send a request and return its result, or raise the answer's error."""
    correlation_id.set(None)  # a log line of this call must not name the answer to an earlier one
    try:
        response = await handler(request)
        # A response that a middleware of the caller's made is read here.
        classification = response.classification or classify(response)
        if not response.is_success or classification.problem:
            raise error_from_response(response)
    except KlarnaError as error:
        error.add_notes()
        raise
    if (replies := recorded_responses.get()) is not None:
        replies.append(response)
    return classification.value


async def record_responses(call: Awaitable[T]) -> tuple[T, list[Response]]:
    """Await a call that has not begun; returns its result and the answers that it got."""
    if not inspect.iscoroutine(call):
        raise TypeError("reply() takes a call that has not begun: no task and no future")
    answers: list[Response] = []
    outer = recorded_responses.get()
    token = recorded_responses.set(answers)
    try:
        value: T = await call
    finally:
        recorded_responses.reset(token)
        if outer is not None:
            outer.extend(answers)
    return value, answers
