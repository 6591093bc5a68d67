"""The result of an operation before it becomes HTTP: a success, or a refusal in Klarna's error envelope."""

from typing import Any

from attrs import frozen


@frozen
class CreatedResource:
    """The capture or refund that a 201 reports; all of it travels in headers."""

    header: str
    """`Capture-Id` or `Refund-Id`."""
    id: str
    path: str
    """Of `Location`, from the root."""


@frozen
class Result:
    """A status and its content. Correlation ids are not part of it: each exchange gets a new one."""

    status: int
    document: Any = None
    """The JSON of a 200."""
    created: CreatedResource | None = None
    error_code: str = ""
    error_messages: tuple[str, ...] = ()


NO_CONTENT = Result(204)


class RefusedError(Exception):
    """The request is refused; `result` is the refusal that the caller gets."""

    def __init__(self, status: int, error_code: str, *messages: str) -> None:
        super().__init__(f"{status} {error_code}: {' '.join(messages)}")
        self.result = Result(status, error_code=error_code, error_messages=messages)
