"""aiohttp's connection pool and its answers, made safe for money.

Three things that aiohttp leaves open:

- A connection on which something waits to be read is not used: a misbehaving proxy may have sent an unsolicited
  answer, and it would be taken for the answer to the next request. urllib3 and httpcore check the socket
  in the same way before they use a connection again.
- A GET on a connection that broke is not sent again without our knowledge: that send would escape attempts, log, pace
  and retry budget.
- The connection of an answer that belongs to another request can be dropped.

Your own session gets the first by `aiohttp.ClientSession(connector=klarna_om.Connector())`, and the rest by
`response_class=klarna_om.http.connector.Answer`.
"""

import select
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from klarna_om.send_check import check_before_send

HasData = Callable[[int], Sequence[object]]


_used: WeakKeyDictionary[ResponseHandler, HasData] = WeakKeyDictionary()
"""The connections that were used before; each with how to ask whether something waits in its socket."""


class UnaskedAnswerError(aiohttp.ClientConnectionError):
    """A new connection had an answer waiting before anything was asked; nothing was sent on it."""


class Disconnected(aiohttp.ClientConnectionError):
    """The connection broke before an answer began. Not one of the errors for which aiohttp sends a GET again."""


class Connector(aiohttp.TCPConnector):
    """A pool that hands out no connection on which something waits to be read."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:
        """Get a connection from the pool, or make one."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            assert protocol is not None
            has_data = _used.get(protocol)
            if not protocol.should_close and (has_data is None or not has_data(0)):
                if has_data is None:
                    _used[protocol] = _watch(protocol)
                _check_before_send(connection)
                return connection
            connection.close()
            if has_data is None:
                raise UnaskedAnswerError("the server answered before anything was asked")


class Answer(aiohttp.ClientResponse):
    """An answer whose connection can be dropped, and whose request is sent once."""

    _handler: ResponseHandler

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Wait for the answer to begin."""
        assert connection.protocol is not None
        self._handler = connection.protocol
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as reason:
            raise Disconnected from reason

    def drop(self) -> None:
        """Close the connection on which it came, also where it has gone back to the pool."""
        self._handler.close()


def _check_before_send(connection: Connection) -> None:
    check = check_before_send.get()
    if check is None:
        return
    try:
        check()
    except BaseException:
        connection.release()
        raise


def _watch(protocol: ResponseHandler) -> HasData:
    """How to ask whether anything waits in a connection's socket, be it data or its end."""
    make_poll = getattr(select, "poll", None)
    if make_poll is None:  # on Windows; what aiohttp itself has read is still seen there
        return lambda _: ()
    assert protocol.transport is not None
    poll = make_poll()
    poll.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    has_data: HasData = poll.poll
    return has_data
