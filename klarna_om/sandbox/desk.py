"""What happens to one request, in order: credentials, size, quota, faults, key, body, ledger, answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any

import msgspec
from aiohttp import web
from attrs import define, evolve, field, frozen

from klarna_om.exchange import KEY_HEADER
from klarna_om.operation import Operation
from klarna_om.sandbox import wire
from klarna_om.sandbox.answers import Answer, RefusedError
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.faults import AFTER, Fault, Planned
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.ledger import Ledger, Task
from klarna_om.sandbox.limits import LIMITS, Findings, checked
from klarna_om.sandbox.rate_limit import Quota
from klarna_om.sandbox.record import Record, Seen
from klarna_om.sandbox.rendering import JSON, error, page, rendered, unauthorized
from klarna_om.sandbox.script import Script
from klarna_om.sandbox.seeds import Document

Sleep = Callable[[float], Awaitable[object]]

LARGEST_BODY = 1_000_000
"""Bytes: Klarna refuses bodies above 1 MB, and the smaller megabyte is the strict reading."""


@frozen
class Call:
    """A request whose body has arrived."""

    row: Operation[Any]
    http: web.Request
    order_id: str
    key: str | None
    """Its idempotency key; a read has none, whatever it sends."""
    body: bytes
    fault: Fault | None = None


@define(eq=False)
class Desk:
    """The parts that a request meets. `lock` guards them against the thread of a synchronous test."""

    ledger: Ledger
    keys: KeyStore
    quota: Quota
    planned: Planned
    script: Script
    record: Record
    clock: Clock
    sleep: Sleep
    accepted: frozenset[str]
    """Values of `Authorization` that are let in."""
    closing: asyncio.Event = field(factory=asyncio.Event)
    lock: threading.RLock = field(factory=threading.RLock)
    origin: str = ""
    """Scheme, host and port: what `Location` begins with."""

    async def serve(self, row: Operation[Any], request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if not self.knows(request):
            return unauthorized()
        try:
            body = await _body(request)
        except ConnectionError:
            return web.Response()  # the caller has gone in the middle of its request
        key = None if row.method == "GET" else request.headers.get(KEY_HEADER)
        call = Call(row, request, request.match_info["order_id"], key, body or b"")
        if body is None:
            return self._answer(call, error(413, "Request body is larger than 1 MB."))
        with self.lock:
            if not self.quota.take():
                return self._answer(call, error(429, "Too many requests."))
            fault = self.script.next(row.name, call.order_id)
            fault = fault or self.planned.next(row.name, request.path, call.body)
        if fault is None:
            return self._answer(call, await self._executed(call))
        return await self._failed(evolve(call, fault=fault), fault)

    def knows(self, request: web.Request) -> bool:
        """Whether the credentials are right. The scheme's case does not matter, as HTTP says."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "basic" and value.strip() in self.accepted

    async def nowhere(self, request: web.Request) -> web.StreamResponse:
        """An address that the API does not have: 404, as what Klarna answers is published nowhere."""
        if not self.knows(request):
            return unauthorized()
        return rendered(error(404, "No such resource."), self.quota.headers(), self.origin)

    async def _executed(self, call: Call, delay: float = 0.0) -> Answer:
        async def work() -> Answer:
            if delay:
                await self.sleep(delay)
            return self._performed(call)

        try:
            return await (self.keys.once(call.key, work) if call.key else work())
        except RefusedError as unreadable:
            return unreadable.answer

    def _performed(self, call: Call) -> Answer:
        content = _content(call)
        with self.lock:
            is_write = call.row.method != "GET"
            return self.ledger.do(Task(call.row.name, call.http.match_info, content, is_write))

    async def _failed(self, call: Call, fault: Fault) -> web.StreamResponse:
        if fault.kind == "slow":
            return self._answer(call, await self._executed(call, fault.seconds))
        if fault.kind in AFTER:
            answer = await self._executed(call)
            if fault.kind == "html-200" and answer.status >= 300:
                return self._answer(call, answer)  # a success that was none would be another fault
            return await self._fail_after(call, fault, answer)
        return await self._fail_before(call, fault)

    async def _fail_before(self, call: Call, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "hang":
                return await self._silence(call)
            case "reset-before":
                self._seen(call, None)
                return wire.reset(call.http)
            case "redirect":
                return self._redirect(call, 302)
            case "html-502":
                return self._send(call, page(502, self.quota.headers()))
            case "burst-429":
                self.quota.close(fault.seconds)
                return self._answer(call, error(429, "Too many requests."))
            case "status" if fault.status == 401:
                return self._send(call, unauthorized())
            case "status" if fault.status < 400:
                return self._redirect(call, fault.status)
            case _:
                return self._answer(call, error(fault.status or 503, "Something went wrong."))

    async def _fail_after(self, call: Call, fault: Fault, answer: Answer) -> web.StreamResponse:
        match fault.kind:
            case "hang-after":
                return await self._silence(call)
            case "reset-after":
                self._seen(call, None)
                return wire.reset(call.http)
            case "cut":
                response = rendered(answer, self.quota.headers(), self.origin)
                self._seen(call, response.status if response.body else None)
                return wire.cut(call.http, response)
            case "html-200":
                return self._send(call, page(200, self.quota.headers()))
            case _:
                return self._answer(call, error(500, "Something went wrong."))

    async def _silence(self, call: Call) -> web.StreamResponse:
        self._seen(call, None)
        await self.closing.wait()
        return wire.reset(call.http)

    def _redirect(self, call: Call, status: int) -> web.StreamResponse:
        """To the order itself: whoever follows it turns a write into a read, and hears 200."""
        where = {"Location": f"{self.origin}/ordermanagement/v1/orders/{call.order_id}"}
        return self._send(call, page(status, {**where, **self.quota.headers()}))

    def _answer(self, call: Call, answer: Answer) -> web.StreamResponse:
        return self._send(call, rendered(answer, self.quota.headers(), self.origin))

    def _send(self, call: Call, response: web.Response) -> web.StreamResponse:
        if call.fault is not None:
            response.headers.update(call.fault.headers)
        self._seen(call, response.status)
        return response

    def _seen(self, call: Call, status: int | None) -> None:
        digest = blake2b(call.body, digest_size=8).hexdigest() if call.body else ""
        fault = call.fault.kind if call.fault else ""
        seen = Seen(call.row.name, call.order_id, call.key, digest, status, fault, self.clock())
        with self.lock:
            self.record.add(seen)


async def _body(request: web.Request) -> bytes | None:
    """The request's bytes; None where they are too many."""
    try:
        body = await request.read() if request.body_exists else b""
    except web.HTTPRequestEntityTooLarge:
        return None
    return body if len(body) <= LARGEST_BODY else None


def _content(call: Call) -> Document:
    """The body's checked fields; an operation that takes none ignores what is sent."""
    limits = LIMITS.get(call.row.name)
    if limits is None:
        return {}
    if call.body and call.http.content_type != JSON:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {JSON}.")
    try:
        value = msgspec.json.decode(call.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RefusedError(400, "BAD_VALUE", "Bad value: body") from None
    found = Findings()
    content: Document = checked(limits, value, "", found)
    if found.bad_values:
        raise RefusedError(400, "BAD_VALUE", f"Bad value: {', '.join(dict.fromkeys(found.bad_values))}")
    if found.broken_limits:
        raise RefusedError(422, "UNPROCESSABLE_ENTITY", *dict.fromkeys(found.broken_limits))
    return content
