"""The counts of the demo's sandbox, fetched over HTTP."""

from typing import Any
from urllib.request import urlopen

import msgspec
from attrs import frozen


@frozen
class Counts:
    """What happened, as the server counts it."""

    requests: int
    """Requests with the right credentials."""
    faults: int
    """Requests with an injected fault."""
    replayed: int
    """Repeats that got the first answer again, without a second effect."""
    orders: int
    """Different orders that were acknowledged."""
    more_than_once: int
    """Orders for which the acknowledgement was executed more than once."""


def fetch_counts(url: str) -> Counts:
    """Fetch the counts of the sandbox at that URL."""
    requests, effects = _get_json(f"{url}/_sandbox/requests"), _get_json(f"{url}/_sandbox/effects")
    acknowledged = effects.get("orders.acknowledge", {"orders": 0, "repeated": 0})
    return Counts(
        requests=requests["total"],
        faults=sum(requests["by_fault"].values()),
        replayed=requests["replayed"],
        orders=acknowledged["orders"],
        more_than_once=acknowledged["repeated"],
    )


def _get_json(url: str) -> Any:
    with urlopen(url) as answer:
        return msgspec.json.decode(answer.read())
