"""The client: checks its settings, binds the endpoints to its stack, and closes."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from os import PathLike
from ssl import SSLContext
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack
from uuid import UUID

import aiohttp
from attrs import evolve

from klarna_om.arguments import check_session, check_settings, refuse_unknown
from klarna_om.client_stack import ClientStack
from klarna_om.endpoints import Captures, Orders, Refunds
from klarna_om.errors import ClientClosed
from klarna_om.exchange import Reply, Request, Response
from klarna_om.extensions import check_extensions
from klarna_om.hooks import Hooks
from klarna_om.http.route import find_route
from klarna_om.http.session import HttpSession
from klarna_om.http.tls import tls_context
from klarna_om.http.transport import default_headers, user_agent
from klarna_om.middleware import Handler, Middleware
from klarna_om.middleware.key_guard import guard_of
from klarna_om.operation import execute, record_responses
from klarna_om.options import OptionChanges, Options
from klarna_om.pace.concurrency import ConcurrencyLimiter
from klarna_om.pace.find_pace import PaceChoice, find_pace
from klarna_om.pace.merchant import merchant_of
from klarna_om.pace.pacing import Pacing
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Uniform
from klarna_om.settings.credentials import find_credentials, hide
from klarna_om.settings.environment import Environment, find_environment
from klarna_om.settings.key_match import check_key_match
from klarna_om.telemetry import Telemetry
from klarna_om.version import __version__

T = TypeVar("T")


class KlarnaClient:
    """An asyncio client for Klarna's Order Management API.

        async with KlarnaClient("eu-playground", username="...", password="...") as klarna:
            order = await klarna.orders.get(order_id)

    What is not given is read from `KLARNA_OM_ENVIRONMENT`, `KLARNA_OM_USERNAME`, `KLARNA_OM_PASSWORD` and
    `KLARNA_OM_API_KEY`. Use one client for the whole life of a service, in one event loop; end it with `async with`
    or `await client.aclose()`.
    """

    def __init__(
        self,
        environment: str | Environment | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        session: aiohttp.ClientSession | None = None,
        in_flight: int = 64,
        rate: float | None = None,
        pace: PaceChoice = None,
        middleware: Sequence[Middleware] = (),
        attempt_middleware: Sequence[Middleware] = (),
        hooks: Sequence[Hooks] = (),
        telemetry: Telemetry | None = None,
        user_agent_extra: str | None = None,
        trust_env: bool = False,
        proxy: str | None = None,
        ca: str | PathLike[str] | SSLContext | None = None,
        budget: Budget | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        uniform: Uniform = random.uniform,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        **options: Unpack[OptionChanges],
    ) -> None:
        """Check the settings; nothing is opened before the first call.

        `environment`: `eu`, `na`, `oc`, `kustom`, each also with `-playground`, or a base URL.
        `session`: your aiohttp session; it is used and left open.
        `in_flight`: how many requests may be under way at once.
        `rate`: requests a second at most, of this client alone, within `pace`.
        `pace`: who shares the merchant's limit. `"shared"`: all clients of the same username or API key in this
        process; `"machine"`: those of all processes of this user on this machine; a `PostgresPace` or `RedisPace`, or
        the URL of such a server: those of many machines; `"off"`: nobody, it sends as fast as it can. A `Pacer` is
        shared with whom you give it to. The default is `KLARNA_OM_PACE`, else `"shared"`. See docs/pace.md.
        `middleware`: functions of your own, the first one outermost, above the retries: once a call.
        `attempt_middleware`: the same below the retries, once for each attempt, when its place in the rate limit is
        held. They may add headers and change nothing else; what they raise is `MiddlewareFailed`.
        `hooks`: functions that get an event for each call, attempt and wait; see `klarna_om.hooks`.
        `telemetry`: traces and metrics, such as `klarna_om.otel.OpenTelemetry()`.
        `trust_env`: use the proxy that `https_proxy` or `all_proxy` names, unless `no_proxy` excludes the host.
        `proxy`: the URL of an HTTP proxy. `ca`: a PEM file of the authorities to trust instead of the system's, or an
        `ssl.SSLContext`.
        `sleep`, `uniform`, `wall_clock` and `monotonic` are for tests.
        The rest are the fields of `Options`.
        """
        # Hidden at once, so that no traceback with local variables shows them.
        username, password, api_key, proxy = (
            None if secret is None else hide(secret) for secret in (username, password, api_key, proxy)
        )
        if isinstance(environment, str):  # a URL may have a password where none belongs
            environment = hide(environment)
        if isinstance(pace, str):
            pace = hide(pace)
        refuse_unknown(options, KlarnaClient)
        self._environment = find_environment(environment)
        credentials = find_credentials(username, password, api_key)
        check_key_match(self._environment, credentials)
        self._options = Options(**options)
        base_url = self._environment.base_url
        check_session(session, base_url)
        check_settings(
            pace=(found_pace := find_pace(pace)),
            rate=rate,
            in_flight=in_flight,
            budget=budget,
            trust_env=trust_env,
            user_agent_extra=user_agent_extra,
            sleep=sleep,
            uniform=uniform,
            wall_clock=wall_clock,
            monotonic=monotonic,
        )
        extensions, tls = check_extensions(middleware, attempt_middleware, hooks, telemetry), tls_context(ca)
        route = find_route(base_url, proxy=proxy, trust_env=trust_env, tls=tls, is_borrowed=session is not None)
        http = HttpSession(session, default_headers(user_agent(__version__, user_agent_extra)), in_flight=in_flight)
        budget = budget or Budget()
        self._shared = ClientStack(
            environment=self._environment,
            credentials=credentials,
            http=http,
            route=route,
            concurrency=ConcurrencyLimiter(http.capacity),
            pace=found_pace,
            rate=rate,
            budget=budget,
            extensions=extensions(base_url, budget),
            guard=guard_of(merchant_of(self._environment, credentials).name),
            sleep=sleep or http.sleep,
            uniform=uniform,
            wall_clock=wall_clock,
            monotonic=monotonic,
        )
        self._bind_endpoints()

    def _bind_endpoints(self) -> None:
        """Put the endpoints on this copy's own stack."""
        self._handler: Handler | None = None
        self.orders = Orders(self._send)
        self.captures = Captures(self._send)
        self.refunds = Refunds(self._send)

    def _send(self, request: Request) -> Awaitable[Response]:
        try:
            session = self._shared.http.session()
        except ClientClosed as closed:
            closed.about(request)
            raise
        if self._handler is None:
            self._handler = self._shared.handler(session, self._options)
        return self._handler(request)

    @property
    def environment(self) -> Environment:
        """Where this client calls."""
        return self._environment

    @property
    def pace(self) -> Pacing | None:
        """The pace of this client, for `snapshot()`; None when pacing is off. Call it inside the event loop."""
        return self._shared.pacer

    @property
    def budget(self) -> Budget:
        """What is left for retries, for metrics: `budget.tokens` of `budget.capacity`."""
        return self._shared.budget

    @property
    def wall_clock(self) -> Callable[[], float]:
        """The time of day by which this client judges the age of keys, in seconds since the epoch."""
        return self._shared.wall_clock

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """A copy with other options, sharing pool, pace, key guard and retry budget; closing one closes all.

        await klarna.with_options(total_timeout=10).orders.get(order_id)
        """
        refuse_unknown(changes, KlarnaClient, is_copy=True)
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._options = evolve(self._options, **changes)
        copy._bind_endpoints()
        return copy

    async def reply(self, call: Awaitable[T]) -> Reply[T]:
        """The result of a call with everything known about it: status, headers, attempts, key, body.

            reply = await klarna.reply(klarna.orders.get(order_id))
            reply.value.status, reply.correlation_id, reply.json()

        Where a call makes several requests, the reply is about the last one.
        """
        value, answers = await record_responses(call)
        if not answers:
            raise TypeError("reply() takes a call of this client; this coroutine made none")
        return Reply(value, answers[-1])

    async def request(
        self,
        method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"],
        path: str,
        *,
        content: Mapping[str, Any] | Sequence[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | UUID | None = None,
    ) -> Reply[Any]:
        """Reach an operation that has no method here yet, through the same stack.

        `path` starts with a slash and is sent as it is, so quote what you put into it. `content` is sent as JSON.
        Logs, errors, spans and hooks name it by its method and a template of its path, such as
        `POST /ordermanagement/v1/orders/{}/{}`: only segments that a method here knows are shown, and the order's id.
        The reply's value is the answer's JSON, None where it has no body.
        """
        from klarna_om.raw_request import raw_request  # few programs need it

        request = raw_request(method, path, content, headers, idempotency_key)
        return await self.reply(execute(self._send, request))

    async def __aenter__(self) -> Self:
        _ = self._shared.pacer  # a pace that cannot be used is known before anything is opened
        self._shared.http.session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the pool; calls under way end with a typed error. Your own session stays open."""
        await self._shared.close()

    def __repr__(self) -> str:
        # A traceback may show a client whose construction failed.
        environment: Environment | None = getattr(self, "_environment", None)
        return f"<KlarnaClient {environment.name if environment else 'without environment'}>"

    def __reduce__(self) -> str:
        raise TypeError("a client is not pickled: make one in each process")
