"""`--log-level`, `--log-format` and `--quiet`: what a command that calls Klarna writes to standard error."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from klarna_om.cli.log_lines import ConsoleStream, JsonLines, TextLines
from klarna_om.cli.stderr_console import stderr_console

_QUIET = "klarna_om.cli.log_options.quiet"

LEVELS = ("debug", "info", "warning", "error")

FORMATS: dict[str, Callable[[], logging.Formatter]] = {"text": TextLines, "json": JsonLines}


def log_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; the client's log lines are written while it runs, and not without a level."""
    level = click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        help="Write the client's log lines of this level and above to standard error.",
    )
    form = click.option(
        "--log-format",
        type=click.Choice([*FORMATS]),
        help="text (the default), or json: one object a line, with the client's fields.",
    )

    @wraps(function)
    def with_log_lines(*args: Any, log_level: str | None, log_format: str | None, **kwargs: Any) -> Any:
        if log_format is not None and log_level is None:
            raise click.UsageError("--log-format needs --log-level, such as --log-level info")
        with _write_log_lines(log_level, log_format or "text"):
            return function(*args, **kwargs)

    return level(form(with_log_lines))


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


@contextmanager
def _write_log_lines(level: str | None, form: str) -> Generator[None, None, None]:
    """Without a level nothing is written: reports and error messages have every failed attempt."""
    logger = logging.getLogger("klarna_om")
    handler: logging.Handler = logging.NullHandler()
    before = logger.level
    if level is not None:
        handler = logging.StreamHandler(ConsoleStream(stderr_console()))
        handler.setFormatter(FORMATS[form]())
        logger.setLevel(level.upper())
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
