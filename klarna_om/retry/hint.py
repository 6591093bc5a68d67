"""When the server says to come back: `X-Ratelimit-Reset` on a 429, and `Retry-After`."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from klarna_om.exchange import Response


def retry_after(response: Response, now: float) -> float | None:
    """Seconds until the server wants to be asked again; None where it says nothing readable.

    Klarna documents `X-Ratelimit-Reset`, which comes on every answer and so means a wait only on a 429.
    `Retry-After` (seconds or a date) is what gateways send. Where both speak, the longer wait is obeyed.
    """
    hints = [_seconds_or_date(response.headers.get("Retry-After"), now)]
    if response.status == 429:
        hints.append(_seconds(response.headers.get("X-Ratelimit-Reset")))
    known = [hint for hint in hints if hint is not None]
    return max(known) if known else None


def _seconds_or_date(text: str | None, now: float) -> float | None:
    seconds = _seconds(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float((text or "").strip())
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
