"""Orders that Klarna does not show yet: directly after a purchase, a read may come before the order has arrived.

How long that takes is published nowhere. The sandbox hides an order for a span of time, for a number of requests
of any operation, or both; until then each of them gets a 404.
"""

from attrs import define


@define
class Hiding:
    """For how long one order is hidden."""

    until: float
    """On the sandbox's clock, in seconds since the epoch."""
    requests: int
    """How many more requests get a 404."""

    def hides(self, now: float) -> bool:
        """Whether a request at this time finds no order. It counts the request."""
        if self.requests:
            self.requests -= 1
            return True
        return now < self.until


def hide(now: float, seconds: float, requests: int) -> Hiding | None:
    """The hiding of an order that appears after this time and this number of requests; None for neither."""
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"appears_after={seconds!r}: it is a number of seconds, 0 or more")
    if requests < 0:
        raise ValueError(f"appears_after_requests={requests!r}: it is a number of requests, 0 or more")
    return Hiding(now + seconds, requests) if seconds or requests else None
