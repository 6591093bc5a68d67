"""`--log-level`, `--log-format` and `--quiet`: what a command that calls Klarna writes to standard error."""

import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from klarna_om.cli.log_lines import ConsoleStream, JsonLines, TextLines
from klarna_om.cli.stderr_console import stderr_console

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_QUIET = "klarna_om.cli.log_options.quiet"

LEVELS = ("debug", "info", "warning", "error")

FORMATS: dict[str, Callable[[], logging.Formatter]] = {"text": TextLines, "json": JsonLines}


def log_options_for(*loggers: str, default: str | None = None) -> Decorator:
    """The options of a command that writes the lines of these loggers, from the level `default` on if it has one.

    Without a level nothing is written: reports and error messages have every failed attempt. A command with a default
    is a service, whose options have variables too.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def with_log_lines(*args: Any, log_level: str | None, log_format: str | None, **kwargs: Any) -> Any:
            if log_format is not None and log_level is None and default is None:
                raise click.UsageError("--log-format needs --log-level, such as --log-level info")
            handler = _handler(log_level or default, log_format or "text")
            if log_level is not None:
                handler.setLevel(log_level.upper())  # also for a logger below these that has a level of its own
            with _use(handler, loggers, log_level or default):
                return function(*args, **kwargs)

        return _add_options(with_log_lines, has_variables=default is not None)

    return decorate


def _add_options(function: Callable[..., Any], *, has_variables: bool) -> Callable[..., Any]:
    level = click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        envvar="KLARNA_OM_LOG_LEVEL" if has_variables else None,
        show_envvar=has_variables,
        help="Write the client's log lines of this level and above to standard error.",
    )
    form = click.option(
        "--log-format",
        type=click.Choice([*FORMATS]),
        envvar="KLARNA_OM_LOG_FORMAT" if has_variables else None,
        show_envvar=has_variables,
        help="text (the default), or json: one object a line, with the client's fields.",
    )
    return level(form(function))


log_options = log_options_for("klarna_om")


def quiet_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--quiet` to a command that shows progress; `is_quiet()` has its value."""
    return click.option("--quiet", is_flag=True, expose_value=False, callback=_store_quiet, help="Show no progress.")(
        function
    )


def is_quiet() -> bool:
    """Did the running command get `--quiet`?"""
    return bool(click.get_current_context().meta.get(_QUIET))


def _store_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_QUIET] = value


def _handler(level: str | None, form: str) -> logging.Handler:
    if level is None:
        return logging.NullHandler()
    handler = logging.StreamHandler(ConsoleStream(stderr_console()))
    handler.setFormatter(FORMATS[form]())
    return handler


@contextmanager
def _use(handler: logging.Handler, names: Iterable[str], level: str | None) -> Generator[None, None, None]:
    """While inside, these loggers write to the handler."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        if level is not None:
            logger.setLevel(level.upper())
    try:
        yield
    finally:
        for logger, old in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(old)
