"""What `PostgresPace` and `RedisPace` have in common: a pacer for each merchant, and their end."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from klarna_om.pace.merchant import Merchant
from klarna_om.pace.store import Store
from klarna_om.pace.store_pacer import StorePacer


class StorePace(ABC):
    """Where the pace of a merchant comes from, if it is kept in a store."""

    def __init__(self) -> None:
        self._pacers: list[StorePacer] = []
        self._shared: dict[str, StorePacer] = {}

    @abstractmethod
    def _store(self, merchant: Merchant) -> Store:
        """The merchant's row."""

    def pacing(self, merchant: Merchant, highest: float | None = None) -> StorePacer:
        """One object for each merchant; with `highest`, one whose user sends no more than that a second."""
        pacer = self._shared.get(merchant.name) if highest is None else None
        if pacer is None:
            pacer = StorePacer(self._store(merchant), merchant.limit, highest=highest)
            self._pacers.append(pacer)
            if highest is None:
                self._shared[merchant.name] = pacer
        return pacer

    async def aclose(self) -> None:
        """Close what was opened here; after the clients that use it."""
        for pacer in self._pacers:
            await pacer.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
