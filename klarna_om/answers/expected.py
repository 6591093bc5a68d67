"""What each kind of operation answers when it succeeds, and by what that is known as Klarna's.

A proxy, a portal or another service may answer 2xx too. Klarna's success is the status that is documented, with what
belongs to it: 204 alone, 201 with the new id, 200 with a JSON document that has the id that was asked for. Klarna may
add a body or answer another 2xx one day: then its `Klarna-Correlation-Id`, which no proxy makes up, says who answered.
An HTML page is never Klarna's success, whatever its headers.
"""

import re
from typing import Any, Generic, TypeVar, cast

import msgspec
from attrs import field, frozen

from klarna_om import structuring
from klarna_om.exchange import Response

T = TypeVar("T")


_is_plain = re.compile(r"[0-9A-Za-z_-]+").fullmatch


class NotKlarnasError(Exception):
    """The answer is not what Klarna answers to this request; the message says why."""


class UnreadableError(Exception):
    """The answer is Klarna's success, and its value cannot be read; the message says why."""


@frozen
class NoContent:
    """204. A body that Klarna adds one day is ignored."""

    def is_proved_by(self, answer: Response) -> bool:
        """204 has no body, so nothing of it can be lost."""
        return answer.status == 204 or answer.is_signed

    def read(self, answer: Response) -> None:
        """Nothing, if it is Klarna's."""
        if not self.is_proved_by(answer):
            raise NotKlarnasError("Klarna answers 204 here, without a body")


@frozen
class Created:
    """201 with the id of what was created: in a header, else the last segment of `Location`."""

    header: str

    def is_proved_by(self, answer: Response) -> bool:
        """The new id, a `Location` below the request's own path, or Klarna's correlation id."""
        if answer.is_html or _is_of_another_order(answer):
            return False
        return self.header in answer.headers or _is_below(answer) or answer.is_signed

    def read(self, answer: Response) -> str:
        """The id."""
        if _is_of_another_order(answer):
            raise NotKlarnasError("its Location is of another order than the one that was asked for")
        if not self.is_proved_by(answer):
            raise NotKlarnasError(f"Klarna answers 201 here, with {self.header} and Location")
        named, located = answer.headers.get(self.header, "").strip(), _new_id(answer)
        if not (named or located) or (named and located and named.lower() != located.lower()):
            raise UnreadableError(
                f"Klarna did it, but the answer carries neither {self.header} nor a Location with an id, or two that"
                f" differ; read the order to find it (headers: {dict(answer.headers)})"
            )
        return named or located


def _location(answer: Response) -> str:
    return answer.headers.get("Location", "").partition("?")[0].rstrip("/")


def _is_of_another_order(answer: Response) -> bool:
    order_id = answer.request.path.partition("/orders/")[2].partition("/")[0]
    found = re.search(r"/orders/([^/]+)", _location(answer))
    return found is not None and bool(order_id) and found[1].lower() != order_id.lower()


def _is_below(answer: Response) -> bool:
    return f"{answer.request.path}/".lower() in f"{_location(answer)}/".lower()


def _new_id(answer: Response) -> str:
    """The one segment that `Location` has below the request's own path; empty where it is anything else."""
    _, found, rest = _location(answer).lower().partition(f"{answer.request.path}/".lower())
    segment = _location(answer)[-len(rest) :] if found and rest else ""
    return segment if _is_plain(segment) else ""


@frozen
class Document(Generic[T]):
    """200 with a JSON document; `id_field` is the one that repeats the last segment of the request's path."""

    cls: type[T]
    id_field: str | None = None
    marks: tuple[str, ...] = field(default=())
    """Fields of which one must be there, in the document or in each item of a list, without Klarna's header."""
    needs_id: bool = False
    """Klarna's header alone is not enough: an order, which has no such field, must not be taken for it."""

    def is_proved_by(self, answer: Response) -> bool:
        """Without its body a document says nothing."""
        return answer.is_signed

    def read(self, answer: Response) -> T:
        """The document as Klarna's type."""
        try:
            value: T = structuring.read(self.cls, answer.body)
        except structuring.Unreadable as reason:
            self._check(answer, _plain(answer.body))
            raise UnreadableError(str(reason)) from reason
        self._check(answer, value)
        return value

    def _check(self, answer: Response, value: object) -> None:
        """Is it Klarna's, and about what was asked for?"""
        found = _get(value, self.id_field) if self.id_field else None
        if found is not None and str(found).lower() != answer.request.path.rpartition("/")[2].lower():
            raise NotKlarnasError(f"its {self.id_field} is not the one that was asked for")
        is_named = found is not None or (answer.is_signed and not self.needs_id) or self._has_marks(value)
        if answer.is_html or not is_named:
            raise NotKlarnasError("Klarna answers 200 here, with a JSON document that names what was asked for")

    def _has_marks(self, value: object) -> bool:
        """Has it a field, or each item of it, that no other service's document has? An empty list has none."""
        items = _items(value)
        if items is not None:
            return bool(items) and all(self._has_marks(item) for item in items)
        return any(_get(value, mark) for mark in self.marks)


def _items(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list | tuple) else None


def _get(value: object, name: str | None) -> object:
    if isinstance(value, dict):
        return cast("dict[str | None, object]", value).get(name)
    return getattr(value, name or "", None)


def _plain(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@frozen
class AnyAnswer:
    """What an operation answers that no row of the catalogue describes: JSON, or no body."""

    def is_proved_by(self, answer: Response) -> bool:
        """Only Klarna's correlation id says it."""
        return answer.is_signed

    def read(self, answer: Response) -> Any:
        """The JSON as plain values; None where there is no body."""
        if not answer.is_signed:
            raise NotKlarnasError("Klarna's answers have a Klarna-Correlation-Id, and are no HTML pages")
        if not answer.body:
            return None
        try:
            value: object = msgspec.json.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            raise UnreadableError(f"not JSON: {reason}") from reason
        order_id = answer.request.path.partition("/orders/")[2].partition("/")[0].partition("?")[0]
        found = _get(value, "order_id")
        if order_id and found is not None and str(found).lower() != order_id.lower():
            raise NotKlarnasError("its order_id is not the one that was asked for")
        return value
