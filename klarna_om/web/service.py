"""One client for the whole life of a web service, with what runs beside the requests."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, cast

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.options import is_positive
from klarna_om.web.background import Background, BackgroundTasks


class Service:
    """Open a client, and start what runs in the background; at the end stop that first, then close the client.

        async with Service(background=[drain_the_outbox]) as service:
            await service.klarna.orders.get(order_id)

    `make_client` makes the client, in each process and in its event loop; `KlarnaClient` alone reads its settings from
    the environment. Each of `background` is an `async def run(klarna)` that runs until it is cancelled, such as an
    outbox's drain. One that raises, or returns by itself, is logged and started again after up to 1, 2, 4 ... 60
    seconds (full jitter); meanwhile `is_ready` is False. At the end all are cancelled while the client is still open,
    and have `grace` seconds to finish what is under way; then they are cancelled once more, and the client is closed.

    It opens once. Raises `ConfigurationError` for settings that cannot work, before the service takes a request.
    """

    def __init__(
        self,
        make_client: Callable[[], KlarnaClient] = KlarnaClient,
        *,
        background: Sequence[Background] = (),
        grace: float = 10.0,
    ) -> None:
        if not callable(cast("object", make_client)):
            raise ConfigurationError("make_client is a function that makes a client, such as KlarnaClient itself")
        if not is_positive(grace):
            raise ConfigurationError(f"grace is a positive number of seconds, not {grace!r}")
        functions = tuple(background)
        if not all(map(callable, cast("tuple[object, ...]", functions))):
            raise ConfigurationError("background is a list of functions `async def run(klarna)`")
        self._make_client = make_client
        self._tasks = BackgroundTasks(functions, grace)
        self._client: KlarnaClient | None = None

    @property
    def klarna(self) -> KlarnaClient:
        """The client, once the service is open."""
        if self._client is None:
            raise ConfigurationError("the service is not open: use it as `async with Service(...) as service`")
        return self._client

    @property
    def waiting(self) -> tuple[str, ...]:
        """The background functions that have ended and wait for being started again, by name."""
        return self._tasks.waiting

    @property
    def is_ready(self) -> bool:
        """Is it open, and does everything in the background run? For a readiness probe; Klarna is not asked."""
        return self._client is not None and not self._tasks.is_stopping and not self.waiting

    async def __aenter__(self) -> Self:
        if self._client is not None:
            raise ConfigurationError("this service was open before: make a new one")
        self._client = await self._make_client().__aenter__()
        self._tasks.start(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._tasks.stop()
        finally:
            await self.klarna.aclose()
