"""One pacer for all clients of one merchant in this process, since Klarna counts per merchant."""

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

from klarna_om.pace.pacer import Pacer
from klarna_om.settings.credentials import Credentials
from klarna_om.settings.environment import Environment

Merchant = tuple[str, int]
"""The base URL and a hash of the credentials. Two credentials of one merchant cannot be recognized as one: pass
one `pace=` to both clients then."""

_pacers: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Merchant, Pacer]] = WeakKeyDictionary()


def merchant_of(environment: Environment, credentials: Credentials) -> Merchant:
    """Who is called for whom, without the credentials themselves."""
    return (environment.base_url, hash(credentials.authorization))


def pacer_of(environment: Environment, credentials: Credentials) -> Pacer:
    """The pacer of that merchant in the running event loop; it lives as long as a client uses it."""
    pacers = _pacers.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    merchant = merchant_of(environment, credentials)
    pacer = pacers.get(merchant)
    if pacer is None:
        pacer = pacers[merchant] = Pacer(environment.limit)
    return pacer
