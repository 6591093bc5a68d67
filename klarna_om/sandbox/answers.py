"""What the sandbox answers, before it becomes bytes: successes, and refusals in Klarna's envelope."""

from typing import Any

from attrs import frozen


@frozen
class Created:
    """What a 201 says of the thing it made; all of it travels in headers."""

    header: str
    """`Capture-Id` or `Refund-Id`."""
    id: str
    path: str
    """Of `Location`, from the root."""


@frozen
class Answer:
    """A status and what comes with it. Ids of the exchange itself are not part of it: each has its own."""

    status: int
    document: Any = None
    """The JSON of a 200."""
    created: Created | None = None
    error_code: str = ""
    error_messages: tuple[str, ...] = ()


NO_CONTENT = Answer(204)


class RefusedError(Exception):
    """The ledger says no; `answer` is what the caller hears."""

    def __init__(self, status: int, error_code: str, *messages: str) -> None:
        super().__init__(f"{status} {error_code}: {' '.join(messages)}")
        self.answer = Answer(status, error_code=error_code, error_messages=messages)
