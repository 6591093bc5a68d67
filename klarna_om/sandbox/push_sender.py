"""Sends pushes and notifications when the sandbox's clock says that they are due."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.push_log import MAX_PUSHES, SentPush
from klarna_om.sandbox.push_schedule import ACCEPTED_STATUS, NOTIFICATION, Delivery, notification_of, push_of

PUSH_TIMEOUT = 5.0
"""Seconds after which Klarna was seen to give up on a push; the sandbox gives up on a notification alike."""


MAX_AT_ONCE = 100
"""How many pushes are under way at once; each takes a connection."""


class PushSender:
    """The messages to the merchant that are not over yet, and a task that sends them.

    One order's pushes are sent one after the other, those of different orders at the same time. Where the clock was
    set forward, everything that was due in between is sent, in order, until it is over.
    """

    def __init__(
        self, clock: Clock, lock: threading.RLock, is_acknowledged: Callable[[str], bool], timeout: float
    ) -> None:
        self.sent: deque[SentPush] = deque(maxlen=MAX_PUSHES)
        self._clock = clock
        self._lock = lock
        self._is_acknowledged = is_acknowledged
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._notification_urls: dict[str, str] = {}
        self._deliveries: dict[tuple[str, str], Delivery] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def add_order(self, order_id: str, push_url: str | None, notification_url: str | None) -> None:
        """Begin with the pushes for a new order."""
        if notification_url:
            self._notification_urls[order_id] = notification_url
        if push_url:
            self._add(push_of(order_id, push_url, self._clock()))

    def notify(self, order_id: str, fraud_status: str) -> None:
        """Begin with the notifications of a review's end, in place of those of an earlier one."""
        self._deliveries.pop((NOTIFICATION, order_id), None)
        url = self._notification_urls.get(order_id)
        if url and fraud_status != "PENDING":
            self._add(notification_of(order_id, url, fraud_status, self._clock()))

    def forget(self) -> None:
        """Drop every order, and the log."""
        self.sent.clear()
        self._notification_urls.clear()
        self._deliveries.clear()

    def _add(self, delivery: Delivery) -> None:
        self._deliveries[delivery.kind, delivery.order_id] = delivery
        self._wake()

    def _wake(self) -> None:
        """Let the task look again at what is due; from any thread."""
        with self._lock:
            if self._loop is not None and self._deliveries:
                self._loop.call_soon_threadsafe(self._changed.set)

    def start(self) -> None:
        """Send in the background, in the running event loop."""
        self._changed, self._sending = asyncio.Event(), asyncio.Lock()
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers={"Content-Type"},
            # A connection that the shop's server has closed in the meantime must not look like a failed push.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )
        self._loop = asyncio.get_running_loop()
        self._clock.subscribe(self._wake)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Send no more."""
        with self._lock:
            self._loop = None
        self._clock.unsubscribe(self._wake)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._session.close()

    async def send_due(self) -> None:
        """Send everything that is due now; when it returns, all of it is answered. From any event loop."""
        loop = self._loop
        if loop is None:
            raise RuntimeError("the sandbox sends pushes while it serves, and it does not: use `with` or `async with`")
        if loop is asyncio.get_running_loop():
            await self._send_due()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._send_due(), loop))

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self._send_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_until_next()):
                    await self._changed.wait()

    def _seconds_until_next(self) -> float | None:
        with self._lock:
            times = [delivery.due for delivery in self._deliveries.values()]
        return min((due - self._clock() for due in times if due is not None), default=None)

    async def _send_due(self) -> None:
        async with self._sending:
            while due := self._take_due():
                await asyncio.gather(*map(self._send_until_not_due, due))

    def _take_due(self) -> list[Delivery]:
        with self._lock:
            return [delivery for delivery in self._deliveries.values() if self._is_due(delivery)]

    def _is_due(self, delivery: Delivery) -> bool:
        return delivery.due is not None and delivery.due <= self._clock()

    async def _send_until_not_due(self, delivery: Delivery) -> None:
        while self._is_due(delivery) and self._is_wanted(delivery):
            async with self._slots:
                sent = await self._send(delivery)
            delivery.sent += 1
            with self._lock:
                self.sent.append(sent)
            is_accepted = delivery.kind == NOTIFICATION and sent.status == ACCEPTED_STATUS
            if is_accepted or delivery.due is None:
                self._remove(delivery)

    def _is_wanted(self, delivery: Delivery) -> bool:
        """Whether it is not over; a push is, once the order is acknowledged."""
        with self._lock:
            if self._deliveries.get((delivery.kind, delivery.order_id)) is not delivery:
                return False
            if delivery.kind == NOTIFICATION or not self._is_acknowledged(delivery.order_id):
                return True
            self._remove(delivery)
            return False

    def _remove(self, delivery: Delivery) -> None:
        with self._lock:
            if self._deliveries.get((delivery.kind, delivery.order_id)) is delivery:
                del self._deliveries[delivery.kind, delivery.order_id]

    async def _send(self, delivery: Delivery) -> SentPush:
        loop = asyncio.get_running_loop()
        due, time, started = delivery.due, self._clock(), loop.time()
        status, error = None, ""
        headers = {"Content-Type": "application/json"} if delivery.body else {}
        try:
            async with self._session.post(
                delivery.url, data=delivery.body or None, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except TimeoutError:
            error = f"no answer within {self._timeout.total} s"
        except (aiohttp.ClientError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        assert due is not None
        return SentPush(
            kind=delivery.kind,
            order_id=delivery.order_id,
            url=delivery.url,
            due=due,
            time=time,
            status=status,
            duration=loop.time() - started,
            error=error,
        )
