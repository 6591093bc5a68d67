"""The ids of orders, captures and refunds: UUIDs in shape, sent in lower case."""

import re
from uuid import UUID

is_uuid = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}").fullmatch
"""The shape only: Klarna's ids are not always of a valid version."""


def normalize_id(value: object) -> object:
    """An id as it is sent: a `uuid.UUID` as a string, a UUID in lower case without white space; anything else as it is.

    Klarna knows its ids in lower case, and answers an upper-case one with 404.
    """
    if isinstance(value, str):
        if is_uuid(value):
            return value.lower()
        cleaned = value.strip().strip("\ufeff\u200b")
        return cleaned.lower() if is_uuid(cleaned) else value
    return str(value) if isinstance(value, UUID) else value
