"""The settings of a client, checked before anything is made of them."""

import inspect
import os
from collections.abc import Callable, Mapping
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import aiohttp

from klarna_om.errors import ConfigurationError
from klarna_om.options import Options, is_positive
from klarna_om.pace.find_pace import FoundPace
from klarna_om.pace.pacing import PaceSource
from klarna_om.retry.budget import Budget


def refuse_unknown(options: Mapping[str, object], client: Callable[..., object], *, is_copy: bool = False) -> None:
    """Raise `TypeError` for a setting that does not exist, with the nearest one that does.

    `client` is the constructor. The values are forgotten first: a misspelt password would show in the traceback.
    """
    known = list(Options.__annotations__)
    unknown = sorted(options.keys() - known)
    if not unknown:
        return
    cast("dict[str, object]", options).clear()
    settings = [name for name in inspect.signature(client).parameters if name not in ("self", "options")]
    where = "with_options()" if is_copy else "KlarnaClient()"
    if is_copy and unknown[0] in settings:
        raise TypeError(f"{where} cannot change {unknown[0]!r}: it belongs to the whole client, KlarnaClient(...)")
    from difflib import get_close_matches  # only where a name is misspelt

    nearest = get_close_matches(unknown[0], known if is_copy else [*settings, *known], n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; the options are {', '.join(known)}"
    raise TypeError(f"{where} got an unexpected keyword argument {unknown[0]!r}{hint}")


def check_settings(
    *,
    pace: FoundPace,
    rate: object,
    in_flight: object,
    budget: object,
    trust_env: object,
    user_agent_extra: object,
    **functions: object,
) -> None:
    """Raise `ConfigurationError` for a value that makes no sense, with what would."""
    _check_pace(pace, rate)
    _check_limits(in_flight, budget)
    if not isinstance(trust_env, bool):
        raise ConfigurationError(f"trust_env is True or False, not {trust_env!r}")
    if user_agent_extra is not None and not isinstance(user_agent_extra, str):
        raise ConfigurationError("user_agent_extra is a string")
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise ConfigurationError(f"{name} is a function, not {function!r}")


def _check_pace(pace: FoundPace, rate: object) -> None:
    """A `rate` is this client's own part in a pace that others share."""
    if rate is None:
        return
    if not is_positive(rate):
        raise ConfigurationError(f"rate is a positive number of requests a second, not {rate!r}")
    if not isinstance(pace.chosen, PaceSource):
        raise ConfigurationError("pass rate= or pace=, not both: pace='off' has no rate, and a Pacer has its own")


def _check_limits(in_flight: object, budget: object) -> None:
    """How much may be under way, and be retried."""
    if not isinstance(in_flight, int) or isinstance(in_flight, bool) or in_flight < 1:
        raise ConfigurationError(f"in_flight is a number of requests, 1 or more, not {in_flight!r}")
    if budget is not None and not isinstance(budget, Budget):
        raise ConfigurationError(f"budget is a Budget, not {budget!r}")


def check_session(session: object, base_url: str) -> None:
    """The caller's session must not add other credentials."""
    if session is None:
        return
    if not isinstance(session, aiohttp.ClientSession):
        raise ConfigurationError(f"session is an aiohttp.ClientSession, not {type(session).__name__}")
    if session.auth is not None:
        raise ConfigurationError("the session has its own auth=, which aiohttp cannot combine with our credentials")
    host = urlsplit(base_url).hostname or ""
    if session.trust_env and _is_in_netrc(host):
        # aiohttp would send the file's password in place of ours (3.11), or refuse every call.
        raise ConfigurationError(
            f"the session has trust_env=True, and the netrc file has a password for {host} (perhaps by `default`):"
            " make the session without it, and pass trust_env=True to KlarnaClient, which reads proxies only"
        )


def _is_in_netrc(host: str) -> bool:
    """Read as aiohttp reads it; a file that is not there or cannot be read has nothing."""
    try:
        path = os.environ.get("NETRC") or Path.home() / ("_netrc" if os.name == "nt" else ".netrc")
        return netrc(path).authenticators(host) is not None
    except (OSError, NetrcParseError, RuntimeError, ValueError):
        return False
