"""When the server says to come back: `X-Ratelimit-Reset` on a 429, and `Retry-After`."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from klarna_om.exchange import Response
from klarna_om.rate_limit import LONGEST_WAIT, read_seconds, seconds_to_reset


def retry_after(response: Response, now: float) -> float | None:
    """Seconds until the server wants to be asked again, from 0 to a week; None where it sends nothing readable.

    Klarna documents `X-Ratelimit-Reset`, which comes on every answer of its own and so means a wait only on a 429.
    `Retry-After` (seconds or a date) is what gateways send. Where both are there, the longer wait is obeyed.
    """
    hints = [_seconds_or_date(response.headers.get("Retry-After"), now)]
    if response.status == 429 and (response.classification is None or response.classification.is_klarnas):
        hints.append(seconds_to_reset(response.headers))
    known = [hint for hint in hints if hint is not None]
    return max(known) if known else None


def _seconds_or_date(text: str | None, now: float) -> float | None:
    seconds = read_seconds(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
        return min(max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None
