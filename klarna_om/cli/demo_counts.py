"""What the demo's sandbox counted, asked over HTTP as anybody else could ask it."""

from typing import Any
from urllib.request import urlopen

import msgspec
from attrs import frozen


@frozen
class Counts:
    """The truth about what happened, from the server's side."""

    requests: int
    """All that came with the right credentials."""
    faults: int
    """Requests with which something went wrong."""
    replayed: int
    """Repeats that got the first answer again, without a second effect."""
    orders: int
    """Different orders that were acknowledged."""
    more_than_once: int
    """Orders for which the acknowledgement was executed more than once."""


def counts_at(url: str) -> Counts:
    """Ask the sandbox at that URL."""
    requests, effects = _asked(f"{url}/_sandbox/requests"), _asked(f"{url}/_sandbox/effects")
    acknowledged = effects.get("orders.acknowledge", {"orders": 0, "repeated": 0})
    return Counts(
        requests=requests["total"],
        faults=sum(requests["by_fault"].values()),
        replayed=requests["replayed"],
        orders=acknowledged["orders"],
        more_than_once=acknowledged["repeated"],
    )


def _asked(url: str) -> Any:
    with urlopen(url) as answer:
        return msgspec.json.decode(answer.read())
