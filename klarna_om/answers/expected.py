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
from klarna_om.answers.same_subject import other_subject, plain_value
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
        return (answer.status == 204 or answer.is_signed) and not other_subject(answer)

    def read(self, answer: Response) -> None:
        """Nothing, if it is Klarna's."""
        check_subject(answer)
        if not self.is_proved_by(answer):
            raise NotKlarnasError("Klarna answers 204 here, without a body")


@frozen
class Created:
    """201 with the id of what was created: in a header, else the last segment of `Location`."""

    header: str

    def is_proved_by(self, answer: Response) -> bool:
        """The new id, a `Location` below the request's own path, or 201 with Klarna's correlation id."""
        if answer.is_html or other_subject(answer):
            return False
        return self.header in answer.headers or _is_below(answer) or (answer.is_signed and answer.status == 201)

    def read(self, answer: Response) -> str:
        """The id."""
        check_subject(answer)
        if not self.is_proved_by(answer):
            raise NotKlarnasError(f"Klarna answers 201 here, with {self.header} and Location")
        named, located = answer.headers.get(self.header, "").strip(), _new_id(answer)
        is_odd = bool(named) and (not _is_plain(named) or (located and named.lower() != located.lower()))
        if is_odd or not (named or located):
            raise UnreadableError(
                f"Klarna did it, but the answer carries neither {self.header} nor a Location with an id, or two that"
                f" differ; read the order to find it (headers: {dict(answer.headers)})"
            )
        return named or located


def _location(answer: Response) -> str:
    return answer.headers.get("Location", "").partition("?")[0].rstrip("/")


def _is_below(answer: Response) -> bool:
    return f"{answer.request.path}/".lower() in f"{_location(answer)}/".lower()


def _new_id(answer: Response) -> str:
    """The one segment that `Location` has below the request's own path; empty where it is anything else."""
    _, found, rest = _location(answer).lower().partition(f"{answer.request.path}/".lower())
    segment = _location(answer)[-len(rest) :] if found and rest else ""
    return segment if _is_plain(segment) else ""


@frozen
class Document(Generic[T]):
    """200 with a JSON document, which has the id that was asked for or one of its own marks.

    Klarna's correlation id alone is not enough: an empty document, or one of another kind, would read as an order of
    which nothing is known.
    """

    cls: type[T]
    id_field: str | None = None
    """The field that repeats the last segment of the request's path."""
    marks: tuple[str, ...] = field(default=())
    """Where there is no such field: one of these must be there, in the document or in each item of a list."""

    def is_proved_by(self, answer: Response) -> bool:
        """Without its body a document says nothing."""
        return answer.is_signed

    def read(self, answer: Response) -> T:
        """The document as Klarna's type."""
        try:
            value: T = structuring.read(self.cls, answer.body)
        except structuring.Unreadable as reason:
            document = plain_value(answer.body)
            if document is not None or answer.is_html or not answer.is_signed:
                self._check(answer, document)
            raise UnreadableError(str(reason)) from reason
        self._check(answer, value)
        return value

    def _check(self, answer: Response, value: object) -> None:
        """Is it Klarna's, and about what was asked for?"""
        found = _get(value, self.id_field) if self.id_field else None
        if found is not None and str(found).lower() != answer.request.path.rpartition("/")[2].lower():
            raise NotKlarnasError(f"its {self.id_field} is not the one that was asked for")
        if answer.is_html or not (found is not None or self._has_marks(value, is_signed=answer.is_signed)):
            raise NotKlarnasError("Klarna answers 200 here, with a JSON document that names what was asked for")

    def _has_marks(self, value: object, *, is_signed: bool) -> bool:
        """Has it a field, or each item of it, that no other document has? An empty list is Klarna's if it is signed."""
        items = _items(value)
        if items is not None:
            return (is_signed or bool(items)) and all(self._has_marks(item, is_signed=is_signed) for item in items)
        return any(_get(value, mark) for mark in self.marks)


def _items(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list | tuple) else None


def _get(value: object, name: str | None) -> object:
    if isinstance(value, dict):
        return cast("dict[str | None, object]", value).get(name)
    return getattr(value, name or "", None)


def check_subject(answer: Response) -> None:
    """Refuse an answer about something else."""
    if (reason := other_subject(answer)) is not None:
        raise NotKlarnasError(reason)


@frozen
class AnyAnswer:
    """What an operation answers that no row of the catalogue describes: JSON, or no body."""

    def is_proved_by(self, answer: Response) -> bool:
        """Only Klarna's correlation id says it."""
        return answer.is_signed and not other_subject(answer)

    def read(self, answer: Response) -> Any:
        """The JSON as plain values; None where there is no body."""
        check_subject(answer)
        if not answer.is_signed:
            raise NotKlarnasError("Klarna's answers have a Klarna-Correlation-Id, and are no HTML pages")
        if not answer.body:
            return None
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            raise UnreadableError(f"not JSON: {reason}") from reason
