"""The time limits that run in a client, under one timer; closing the client ends them all.

A timer for each request would be a tenth of what the request costs. Limits mostly end in the order in which they
began, so one timer for the first of them is moved once for many requests.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from attrs import define, field


@define(eq=False)
class Deadlines:
    """Whatever waits or is under way in a client is ended here, also where the session is the caller's own."""

    is_closed: bool = False
    _running: "dict[Deadline, float | None]" = field(factory=dict["Deadline", float | None], init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    def start(self, when: float | None) -> "Deadline":
        """`with deadlines.start(when): ...` raises `TimeoutError` then, or at once when the client is closed.

        `when` is a time of the event loop's clock. A client has one loop, so this has one.
        """
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError(
                "a call is made inside a task of the event loop: await it in a coroutine that runs there"
            )
        limit = Deadline(self, task)
        self._running[limit] = when
        if when is not None and (self._timer is None or when < self._timer.when()):
            self._wake_at(self._loop, when)
        return limit

    def forget(self, limit: "Deadline") -> None:
        """What it limited is over."""
        del self._running[limit]

    def close(self) -> None:
        """End everything now. Nobody who begins after this gets far: `is_closed` is asked first."""
        self.is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and self._running:
            # Not from within a task, which may be one of those that end.
            self._loop.call_soon(self._end, self._running)

    def _wake_at(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(when, self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is due, and come back for the first of the others."""
        self._timer = None
        now = loop.time()
        self._end([limit for limit, when in self._running.items() if when is not None and when <= now])
        later = min((when for when in self._running.values() if when is not None and when > now), default=None)
        if later is not None:
            self._wake_at(loop, later)

    def _end(self, deadlines: Iterable["Deadline"]) -> None:
        for deadline in tuple(deadlines):
            deadline.end()


class Deadline:
    """One time limit, like `asyncio.timeout`, but without a separate timer."""

    __slots__ = ("_cancelling", "_deadlines", "_task", "is_over")

    def __init__(self, deadlines: Deadlines, task: "asyncio.Task[object]") -> None:
        """Begin, in this task."""
        self._deadlines, self._task = deadlines, task
        self._cancelling = task.cancelling()
        self.is_over = False

    def end(self) -> None:
        """Stop what is limited, wherever it waits; once."""
        if not self.is_over:
            self.is_over = True
            self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.forget(self)
        # A cancellation from elsewhere passes as it is, also where it came together with the limit's own.
        if self.is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
