"""One pace for all clients of a merchant in an event loop, since Klarna counts per merchant."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

from attrs import frozen

from klarna_om.pace.merchant import Merchant
from klarna_om.pace.pacer import Pacer
from klarna_om.pace.pacing import Pacing

P = TypeVar("P", bound=Pacing)

_paces: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, Any]] = WeakKeyDictionary()


def shared_in_loop(name: str, make: Callable[[], P]) -> P:
    """The pace of that name in the running event loop; it lives as long as a client uses it."""
    paces = _paces.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    pace = cast("P | None", paces.get(name))
    if pace is None:
        pace = paces[name] = make()
    return pace


@frozen
class ProcessPace:
    """`KlarnaClient(pace="shared")`: the pace that all clients of a merchant in this process share.

    Two credentials of one merchant cannot be recognized as one: pass one `Pacer` to both clients then.
    """

    def pacing(self, merchant: Merchant, highest: float | None = None) -> Pacer:
        """One object for each merchant and event loop; with `highest`, one of this client's own."""
        if highest is not None:
            return Pacer(merchant.limit, highest=highest)
        return shared_in_loop(merchant.name, lambda: Pacer(merchant.limit))
