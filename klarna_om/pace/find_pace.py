"""What `KlarnaClient(pace=...)` and `KLARNA_OM_PACE` mean."""

import os
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from klarna_om.errors import ConfigurationError
from klarna_om.pace.pacing import PaceSource, Pacing
from klarna_om.pace.shared import ProcessPace
from klarna_om.settings.credentials import hide
from klarna_om.settings.input_text import trim

if TYPE_CHECKING:
    from klarna_om.pace.store_pace import StorePace

VARIABLE = "KLARNA_OM_PACE"
EXPECTED = "'shared', 'machine', 'off', the URL of a PostgreSQL or Redis, or a pace such as Pacer(200)"

PaceChoice: TypeAlias = Pacing | PaceSource | str | None
"""What a caller may choose; None for what the environment variable says, and `"shared"` without it."""


@frozen
class FoundPace:
    """The pace of a client."""

    chosen: Pacing | PaceSource | None
    """None sends as fast as it can."""
    opened: "StorePace | None" = None
    """What was made for this client alone, which closes it."""


def find_pace(wanted: object) -> FoundPace:
    """The pace that is wanted; `ConfigurationError` for anything else, without repeating a URL."""
    if wanted is None:
        return _from_text(trim(os.environ.get(VARIABLE, "")) or "shared", VARIABLE)
    if isinstance(wanted, str):
        return _from_text(trim(wanted), "pace")
    if isinstance(wanted, Pacing | PaceSource):
        return FoundPace(wanted)
    raise ConfigurationError(f"pace is {EXPECTED}, not {wanted!r}")


def _from_text(text: str, name: str) -> FoundPace:
    kind, colon, _ = text.partition("://")
    match kind:
        case "shared" if not colon:
            return FoundPace(ProcessPace())
        case "off" if not colon:
            return FoundPace(None)
        case "machine" if not colon:
            from klarna_om.pace.machine import MachinePace

            return FoundPace(MachinePace())
        case "postgresql" | "postgres" if colon:
            from klarna_om.pace.postgres import PostgresPace

            store: StorePace = PostgresPace(hide(text))
        case "redis" | "rediss" if colon:
            from klarna_om.pace.redis import RedisPace

            store = RedisPace(hide(text))
        case _:
            raise ConfigurationError(f"{name} is {EXPECTED}" + ("" if colon else f", not {str.__str__(text)!r}"))
    return FoundPace(store, opened=store)
