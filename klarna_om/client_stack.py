"""The stack of a client: its parts, which all copies share, and the order in which a request passes through them."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from attrs import field, frozen

from klarna_om.extensions import Extensions
from klarna_om.http.route import Route
from klarna_om.http.session import HttpSession
from klarna_om.http.transport import Transport, limits
from klarna_om.middleware import Handler, Middleware, stack
from klarna_om.middleware.auth import Auth
from klarna_om.middleware.correlation import correlation
from klarna_om.middleware.idempotency import Idempotency
from klarna_om.middleware.idempotency_key import IdempotencyKey
from klarna_om.middleware.key_expiry import KeyExpiry
from klarna_om.middleware.key_guard import KeyGuard
from klarna_om.middleware.pace import Pace
from klarna_om.middleware.retry import RetryMiddleware
from klarna_om.middleware.validation import Validation
from klarna_om.options import Options
from klarna_om.pace.concurrency import ConcurrencyLimiter
from klarna_om.pace.find_pace import FoundPace
from klarna_om.pace.merchant import Merchant, merchant_of
from klarna_om.pace.pacing import PaceSource, Pacing
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Uniform
from klarna_om.settings.credentials import Credentials
from klarna_om.settings.environment import Environment


@frozen(kw_only=True, eq=False)
class ClientStack:
    """Builds the stack that a copy's options ask for."""

    environment: Environment
    credentials: Credentials = field(repr=False)
    http: HttpSession
    route: Route
    concurrency: ConcurrencyLimiter
    pace: FoundPace
    rate: float | None
    budget: Budget
    extensions: Extensions
    guard: KeyGuard
    sleep: Callable[[float], Awaitable[None]]
    uniform: Uniform
    wall_clock: Callable[[], float]
    monotonic: Callable[[], float]

    def handler(self, session: aiohttp.ClientSession, options: Options) -> Handler:
        """What a request is given to."""
        return stack(self.layers(options), self.transport(session, options.attempt_timeout))

    def layers(self, options: Options) -> tuple[Middleware, ...]:
        """What happens to every request, from the outside in."""
        validation = Validation(self.environment.is_kustom, strict=options.validate == "strict")
        extensions, clock = self.extensions, asyncio.get_running_loop().time
        deadlines, on_wait = self.http.deadlines, extensions.hooks.on_wait
        return (
            *extensions.around_calls(clock),
            IdempotencyKey(is_seen_by_others=extensions.is_key_seen),
            *extensions.middleware,
            *((validation,) if options.validate else ()),
            Auth(self.credentials.authorization),
            Idempotency(self.guard, options.total, wall_clock=self.wall_clock, monotonic=self.monotonic),
            RetryMiddleware(
                options.retry, self.budget, options.total, self.sleep, self.uniform, self.wall_clock, clock
            ),
            Pace(self.concurrency, self.pacer, options.lane, options.share, options.queue_timeout, deadlines, on_wait),
            *extensions.around_attempts(),
            KeyExpiry(self.wall_clock, self.monotonic),
            *extensions.around_requests(clock),
            correlation,
        )

    def transport(self, session: aiohttp.ClientSession, seconds: float) -> Transport:
        """The last handler, whose attempts take that long at most."""
        base_url, deadlines = self.environment.base_url, self.http.deadlines
        headers = {**self.http.headers_to_add, **self.route.request_headers(base_url)}
        clock = asyncio.get_running_loop().time
        return Transport(session, base_url, headers, seconds, limits(seconds), deadlines, clock, self.route)

    @property
    def merchant(self) -> Merchant:
        """Who is called for whom."""
        return merchant_of(self.environment, self.credentials)

    @property
    def pacer(self) -> Pacing | None:
        """The pacer of this client; None when pacing is off. Inside the event loop only."""
        chosen = self.pace.chosen
        if isinstance(chosen, PaceSource):
            # Kept with the connection, which all copies share: the pacer must outlive each of them.
            if self.http.pacer is None:
                self.http.pacer = chosen.pacing(self.merchant, self.rate)
            return self.http.pacer
        return chosen

    async def close(self) -> None:
        """End the calls under way, then close the pace that belongs to this client alone."""
        await self.http.close()
        if self.pace.opened is not None:
            await self.pace.opened.aclose()
