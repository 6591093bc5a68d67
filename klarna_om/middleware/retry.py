"""Try again what may be tried again, under the same key, within the total time and the retry budget."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.clock import loop_time
from klarna_om.errors import NoAnswer
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Retry, Uniform


@frozen(eq=False)
class RetryMiddleware:
    """Send a request, and again by the policy. A first attempt that succeeds never enters tenacity."""

    policy: Retry
    budget: Budget
    total_timeout: float | None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Uniform = random.uniform
    wall_clock: Callable[[], float] = time.time
    clock: Callable[[], float] = loop_time

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Return the last answer, whatever its status, or raise the last `NoAnswer`."""
        started = self.clock()
        if self.total_timeout is not None and request.deadline is None:
            request = request.with_changes(deadline=started + self.total_timeout)
        try:
            first: Response | NoAnswer = await below(request)
        except NoAnswer as error:
            first = error
        if isinstance(first, Response) and first.is_success:
            self.budget.put_back()
            return first
        from klarna_om.middleware.retried_call import RetriedCall  # with all its rules; most calls need none

        call = RetriedCall(
            policy=self.policy,
            budget=self.budget,
            sleep=self.sleep,
            uniform=self.uniform,
            wall_clock=self.wall_clock,
            clock=self.clock,
            request=request,
            below=below,
        )
        return await call.run(first, started)
