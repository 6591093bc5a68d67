"""The error for an id whose amount could not be read."""

from klarna_om.errors import KlarnaError
from klarna_om.outcome import Outcome


class NotConfirmed(KlarnaError):
    """Klarna has an id for this intent, and the amount under it could not be read (`capture_once`, `refund_once`).

    It is this intent's, or another one's under the same reference; so the outcome is UNKNOWN. Calling again settles
    it, and makes nothing twice.
    """

    outcome = Outcome.UNKNOWN

    entry_id: str = ""
    """The id of the capture or refund."""

    def __init__(self, message: str, entry_id: str) -> None:
        super().__init__(message)
        self.entry_id = entry_id
