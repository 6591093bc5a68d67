"""A client as it is written by hand on aiohttp, with the mistakes that the kit finds."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import aiohttp
from attrs import field, frozen

Key = Callable[[str, str], str | None]
"""Makes a key from the URL and the body, once an attempt."""

AUTH = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}


def new_key(_: str, __: str) -> str:
    return str(uuid4())


def no_key(_: str, __: str) -> None:
    return None


def key_of_the_body(url: str, body: str) -> str:
    return sha256(f"{url} {body}".encode()).hexdigest()


def key_of_the_order(url: str, _: str) -> str:
    return url.split("/")[-2]


async def _wait_not(_: float) -> None:
    await asyncio.sleep(0)


@frozen(kw_only=True)
class NaiveClient:
    session: aiohttp.ClientSession
    key: Key = key_of_the_body
    attempts: int = 3
    final: frozenset[int] = field(default=frozenset({200, 201, 204, 400, 403, 404}))
    """Statuses that are not tried again."""
    time_limit: float = 30.0
    follows_redirects: bool = False
    sleep: Callable[[float], Awaitable[None]] = _wait_not

    async def run(self, task: dict[str, Any]) -> list[int]:
        """Make the calls of a scenario; returns the last status of each, 0 for no answer."""
        return [await self._call(call) for call in task["calls"]]

    async def _call(self, call: dict[str, Any]) -> int:
        status = 0
        for _ in range(self.attempts):
            status = await self._attempt(call)
            if status in self.final:
                break
            await self.sleep(1.0)
        return status

    async def _attempt(self, call: dict[str, Any]) -> int:
        key = self.key(call["url"], str(call["body"]))
        headers = AUTH if key is None else {**AUTH, "Klarna-Idempotency-Key": key}
        timeout = aiohttp.ClientTimeout(self.time_limit)
        try:
            async with self.session.request(
                call["method"],
                call["url"],
                json=call["body"],
                headers=headers,
                timeout=timeout,
                allow_redirects=self.follows_redirects,
            ) as response:
                return response.status
        except (TimeoutError, aiohttp.ClientError):
            return 0
