"""Is an answer about what the request asked for? Its `Location` and the ids in its body say.

An answer to another call can arrive on a connection that several calls used one after the other, and it is signed by
Klarna like any other.
"""

import re
from typing import cast

import msgspec

from klarna_om.exchange import Response

_ids = re.compile(r"/orders/(?P<order>[^/?]+)(?:/(?P<parts>captures|refunds)(?:/(?P<part>[^/?]+))?)?", re.IGNORECASE)
"""The ids in a path of the API."""

_PART_ID = {"captures": "capture_id", "refunds": "refund_id"}


def other_subject(answer: Response) -> str | None:
    """What the answer is about instead, where its `Location` or its body names something else; else None."""
    if not answer.body and "Location" not in answer.headers:
        return None
    asked = _ids.search(answer.request.path)
    if asked is None:
        return None
    return _other_location(asked, answer.headers.get("Location", "")) or _other_document(asked, answer.body)


def _other_location(asked: re.Match[str], location: str) -> str | None:
    found = _ids.search(location)
    if found is None:
        return None
    if not _is_same(found["order"], asked["order"]):
        return "its Location is of another order than the one that was asked for"
    if found["parts"] and not _is_same(found["parts"], asked["parts"] or ""):
        return f"its Location is one of {found['parts'].lower()}, which were not asked for"
    if asked["part"] and found["part"] and not _is_same(found["part"], asked["part"]):
        return "its Location is another than the one that was asked for"
    return None


def _other_document(asked: re.Match[str], body: bytes) -> str | None:
    wanted = {"order_id": asked["order"], _PART_ID.get((asked["parts"] or "").lower(), ""): asked["part"]}
    document = plain_value(body)
    if not isinstance(document, dict):
        return None
    values = cast("dict[str, object]", document)
    for name, value in wanted.items():
        if value and values.get(name) is not None and not _is_same(str(values[name]), value):
            return f"its {name} is not the one that was asked for"
    return None


def _is_same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def plain_value(body: bytes) -> object:
    """What a body of JSON holds; None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
