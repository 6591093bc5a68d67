"""An aiohttp caller of the sandbox that shows every response and never retries."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from attrs import frozen

from klarna_om.sandbox import Sandbox

ROOT = "/ordermanagement/v1/orders"


def basic_auth(username: str, password: str) -> str:
    """The value of an `Authorization` header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@frozen
class RawResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error_code(self) -> str:
        return str(self.json["error_code"])


class Caller:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._session = session
        self.order_id = sandbox.order(order_amount=10_000).order_id or ""

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> RawResponse:
        """Send to a path from the root, with the credentials unless `headers` have others."""
        auth = basic_auth(self._sandbox.username, self._sandbox.password)
        all_headers = {"Authorization": auth, **(headers or {})}
        async with self._session.request(
            method, self._sandbox.url + path, data=body, headers=all_headers, allow_redirects=False
        ) as response:
            return RawResponse(response.status, response.headers, await response.read())

    async def call(self, method: str, suffix: str, document: Any = None, key: str | None = None) -> RawResponse:
        """Call an operation of the order."""
        headers = {} if key is None else {"Klarna-Idempotency-Key": key}
        body = None
        if document is not None:
            body, headers["Content-Type"] = json.dumps(document).encode(), "application/json"
        return await self.send(method, f"{ROOT}/{self.order_id}{suffix}", body=body, headers=headers)

    async def acknowledge(self, key: str | None = None) -> RawResponse:
        return await self.call("POST", "/acknowledge", key=key)

    async def capture(self, amount: int, key: str | None = None) -> RawResponse:
        return await self.call("POST", "/captures", {"captured_amount": amount}, key)
