"""The conformance kit as another language sees it: plain HTTP and JSON."""

from typing import Any

import aiohttp
from attrs import frozen


@frozen
class Kit:
    session: aiohttp.ClientSession

    async def start(self, name: str, **settings: float) -> dict[str, Any]:
        """Start a scenario; returns what the client has to do."""
        task: dict[str, Any] = await self.send("POST", f"scenarios/{name}", settings)
        return task

    async def report(self, name: str, outcome: str) -> None:
        await self.send("POST", f"scenarios/{name}/report", {"outcome": outcome})

    async def verdict(self, name: str) -> dict[str, Any]:
        verdict: dict[str, Any] = await self.send("GET", f"scenarios/{name}/verdict")
        return verdict

    async def reasons(self, name: str) -> list[str]:
        reasons: list[str] = (await self.verdict(name))["reasons"]
        return reasons

    async def sleep(self, seconds: float) -> None:
        """Let time pass at the sandbox."""
        await self.send("POST", "clock", seconds)

    async def send(self, method: str, path: str, document: Any = None) -> Any:
        """One control request that must succeed."""
        async with self.session.request(method, f"/_sandbox/{path}", json=document) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def refused(self, method: str, path: str, document: Any = None) -> tuple[int, str]:
        """One control request that must fail: its status and the reason."""
        async with self.session.request(method, f"/_sandbox/{path}", json=document) as response:
            return response.status, await response.text()
