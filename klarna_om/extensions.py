"""What a caller adds to a client's stack: middlewares, hooks, telemetry, each in its place; unused it costs nothing."""

import inspect
from collections.abc import Callable, Iterable
from typing import cast

from attrs import frozen

from klarna_om.errors import ConfigurationError
from klarna_om.hooks import Hooks, combine
from klarna_om.middleware import Middleware
from klarna_om.retry.budget import Budget
from klarna_om.telemetry import Instruments, Telemetry


@frozen(eq=False)
class Extensions:
    """The caller's own part of the stack, checked."""

    middleware: tuple[Middleware, ...]
    """Above the retries."""
    attempt_middleware: tuple[Middleware, ...]
    hooks: Hooks
    instruments: Instruments | None

    @property
    def is_key_seen(self) -> bool:
        """Does code of the caller's see idempotency keys, which it could use again?"""
        return bool(self.middleware or self.attempt_middleware)

    def around_calls(self, clock: Callable[[], float]) -> tuple[Middleware, ...]:
        """Outermost, above the key."""
        own = (self.instruments.call,) if self.instruments else ()
        if self.hooks.on_call is None:
            return own
        from klarna_om.middleware.hooks import CallHook  # most clients have none

        return (*own, CallHook(self.hooks.on_call, clock))

    def around_attempts(self) -> tuple[Middleware, ...]:
        """Below the pace."""
        if not self.attempt_middleware:
            return ()
        from klarna_om.middleware.attempt_middleware import AttemptMiddleware  # most clients have none

        return (AttemptMiddleware(self.attempt_middleware),)

    def around_requests(self, clock: Callable[[], float]) -> tuple[Middleware, ...]:
        """Below the last check of the key: what is seen here is sent."""
        own = (self.instruments.attempt,) if self.instruments else ()
        if self.hooks.on_attempt is None:
            return own
        from klarna_om.middleware.hooks import AttemptHook

        return (*own, AttemptHook(self.hooks.on_attempt, clock))


def check_extensions(
    middleware: object, attempt_middleware: object, hooks: object, telemetry: Telemetry | None
) -> Callable[[str, Budget], Extensions]:
    """Raise `ConfigurationError` for what makes no sense; else make the extensions of a client, once it is known."""
    above, below = _middlewares(middleware, "middleware"), _middlewares(attempt_middleware, "attempt_middleware")
    own = _hooks(hooks)
    if telemetry is not None and not callable(getattr(telemetry, "instruments", None)):
        raise ConfigurationError(
            f"telemetry is an instrumentation, such as klarna_om.otel.OpenTelemetry(), not {telemetry!r}"
        )

    def make(base_url: str, budget: Budget) -> Extensions:
        instruments = None if telemetry is None else telemetry.instruments(base_url, budget)
        every = own if instruments is None else (instruments.hooks, *own)
        return Extensions(above, below, combine(every), instruments)

    return make


def _middlewares(middleware: object, name: str) -> tuple[Middleware, ...]:
    """The caller's middlewares; a single one must be in a list too."""
    if not isinstance(middleware, Iterable) or isinstance(middleware, str | bytes):
        raise ConfigurationError(f"{name} is a list of functions: put a single one in brackets")
    middlewares = tuple(cast("Iterable[object]", middleware))
    if not all(map(callable, middlewares)):
        raise ConfigurationError(f"{name} is a list of functions, and one in it cannot be called")
    return cast("tuple[Middleware, ...]", middlewares)


def _hooks(hooks: object) -> tuple[Hooks, ...]:
    """The caller's hooks; a single one must be in a list too."""
    given = tuple(cast("Iterable[object]", hooks)) if isinstance(hooks, Iterable) else (hooks,)
    if not isinstance(hooks, Iterable) or not all(isinstance(each, Hooks) for each in given):
        raise ConfigurationError("hooks is a list of klarna_om.Hooks, such as [Hooks(on_call=count)]")
    every = cast("tuple[Hooks, ...]", given)
    for function in (function for each in every for function in (each.on_call, each.on_attempt, each.on_wait)):
        if function is not None and (not callable(cast("object", function)) or inspect.iscoroutinefunction(function)):
            raise ConfigurationError(f"a hook is a plain function that is not awaited, not {function!r}")
    return every
