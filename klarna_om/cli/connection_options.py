"""Where a command calls, as whom, how it gets there, and beside what else: `--environment`, `--merchant` ..."""

import os
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar, cast
from urllib.parse import urlsplit

import click

from klarna_om.cli.merchants import find_merchant
from klarna_om.cli.name_completion import complete_names
from klarna_om.errors import ConfigurationError
from klarna_om.pace.find_pace import VARIABLE
from klarna_om.pace.machine_file import check_support
from klarna_om.settings.environment import ENVIRONMENTS

F = TypeVar("F", bound=Callable[..., Any])

_KEY = "klarna_om.cli.connection_options"


class ConnectionArguments(TypedDict, total=False):
    """Arguments of `KlarnaClient`."""

    environment: str
    username: str
    password: str
    api_key: str
    proxy: str
    trust_env: bool
    ca: str
    pace: str


def connection_options(function: F) -> F:
    """Add the options to a command; `connection_arguments()` has their values."""
    proxy = click.option(
        "--proxy",
        metavar="env|URL",
        envvar="KLARNA_OM_PROXY",
        show_envvar=True,
        expose_value=False,
        callback=_store_proxy,
        help="Go through this HTTP proxy; env takes HTTPS_PROXY or ALL_PROXY, unless NO_PROXY excludes the host.",
    )
    ca = click.option(
        "--ca",
        metavar="FILE",
        envvar="KLARNA_OM_CA",
        show_envvar=True,
        type=click.Path(exists=True, dir_okay=False),
        expose_value=False,
        callback=_store_ca,
        help="PEM file of the certificate authorities to trust instead of the system's.",
    )
    environment = click.option(
        "--environment",
        metavar="NAME|URL",
        expose_value=False,
        callback=_store_environment,
        shell_complete=complete_names(ENVIRONMENTS),
        help="Where Klarna is; instead of KLARNA_OM_ENVIRONMENT.",
    )
    merchant = click.option(
        "--merchant",
        metavar="NAME",
        expose_value=False,
        callback=_store_merchant,
        help="Use the credentials of this name: of merchants.toml, or of variables such as KLARNA_OM_NAME_PASSWORD.",
    )
    pace = click.option(
        "--pace",
        metavar="machine|shared|off|URL",
        expose_value=False,
        callback=_store_pace,
        help="Who shares the merchant's rate limit: this user's processes on this machine, this process, nobody, or all"
        " that use a PostgreSQL or Redis. Default: KLARNA_OM_PACE, else machine.",
    )
    return environment(merchant(proxy(ca(pace(function)))))


def connection_arguments() -> ConnectionArguments:
    """The values that the running command got, for `KlarnaClient`."""
    return cast("ConnectionArguments", click.get_current_context().meta.get(_KEY, {}))


def _store_environment(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta.setdefault(_KEY, ConnectionArguments())["environment"] = value


def _store_merchant(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    try:
        found = find_merchant(value)
    except ConfigurationError as reason:
        raise click.BadParameter(str(reason)) from reason
    stored = context.meta.setdefault(_KEY, ConnectionArguments())
    stored.update({**found, **stored})


def _store_pace(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is None and os.environ.get(VARIABLE):
        return
    if value is not None and _has_password(value):
        raise click.BadParameter(f"a password here would be visible in the list of processes: set {VARIABLE} instead")
    context.meta.setdefault(_KEY, ConnectionArguments())["pace"] = value or _default_pace()


def _has_password(url: str) -> bool:
    parts = urlsplit(url)
    return parts.password is not None or "password=" in parts.query


def _default_pace() -> str:
    """A machine's processes share a pace, where the platform can do that."""
    try:
        check_support()
    except ConfigurationError:
        return "shared"
    return "machine"


def _store_proxy(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    if "@" in value:
        raise click.BadParameter(
            "a password here would be visible in the list of processes: set HTTPS_PROXY and use --proxy env"
        )
    stored = context.meta.setdefault(_KEY, ConnectionArguments())
    stored.update({"trust_env": True} if value == "env" else {"proxy": value})


def _store_ca(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta.setdefault(_KEY, ConnectionArguments())["ca"] = value
