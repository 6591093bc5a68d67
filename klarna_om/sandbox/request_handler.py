"""The steps of one request, in order: credentials, size, quota, faults, idempotency key, body, ledger, response."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any

from aiohttp import web
from attrs import define, evolve, field, frozen

from klarna_om.exchange import KEY_HEADER
from klarna_om.operation import Operation
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.connection_faults import reset_connection, send_truncated
from klarna_om.sandbox.fault_queue import FaultQueue
from klarna_om.sandbox.faults import AFTER_EFFECT, Fault, FaultInjector
from klarna_om.sandbox.gateway_pages import GATEWAY_PAGES
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.ledger import Ledger, OperationCall
from klarna_om.sandbox.rate_limit import Quota
from klarna_om.sandbox.request_body import parse_body, read_body
from klarna_om.sandbox.request_log import LoggedRequest, RequestLog, headers_to_log
from klarna_om.sandbox.responses import (
    build_response,
    error_result,
    html_page,
    unauthorized_response,
    without_correlation_id,
)
from klarna_om.sandbox.results import RefusedError, Result

Sleep = Callable[[float], Awaitable[object]]


@frozen
class Call:
    """A request whose body has arrived."""

    operation: Operation[Any]
    request: web.Request
    order_id: str
    key: str | None
    """Its idempotency key; always None for a read."""
    body: bytes
    fault: Fault | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port as the caller knows them: the start of `Location`."""
        return f"http://{self.request.host}"


@define(eq=False, kw_only=True)
class RequestHandler:
    """The parts that handle a request. `lock` guards them against the thread of a synchronous test."""

    ledger: Ledger
    keys: KeyStore
    quota: Quota
    fault_injector: FaultInjector
    fault_queue: FaultQueue
    log: RequestLog
    clock: Clock
    sleep: Sleep
    credentials: frozenset[str]
    """The accepted values after `Basic ` in `Authorization`."""
    shutdown: asyncio.Event = field(factory=asyncio.Event)
    lock: threading.RLock = field(factory=threading.RLock)
    slow_answers: Counter[str] = field(factory=Counter[str])
    """How many slow answers are under way, by order."""
    origin: str = ""
    """Scheme, host and port, as this machine knows them."""

    async def handle(self, operation: Operation[Any], request: web.Request) -> web.StreamResponse:
        """Respond to one request."""
        if not self.is_authorized(request):
            return unauthorized_response()
        try:
            body = await read_body(request)
        except ConnectionError:
            return web.Response()  # the client disconnected in the middle of its request
        key = None if operation.method == "GET" else request.headers.get(KEY_HEADER)
        call = Call(operation, request, request.match_info["order_id"], key, body or b"")
        if body is None:
            return self._respond(call, error_result(413, "Request body is larger than 1 MB."))
        with self.lock:
            if not self.quota.try_acquire():
                return self._respond(call, error_result(429, "Too many requests."))
            fault = self.fault_queue.next(operation.name, call.order_id)
            fault = fault or self.fault_injector.next(operation.name, request.path, call.body)
        if fault is None:
            return self._respond(call, await self._execute(call))
        return await self._fail(evolve(call, fault=fault), fault)

    async def handle_unknown_path(self, request: web.Request) -> web.StreamResponse:
        """A path that the API does not have: 404, since Klarna has not published its response."""
        if not self.is_authorized(request):
            return unauthorized_response()
        return build_response(error_result(404, "No such resource."), self.quota.headers(), self.origin)

    def is_authorized(self, request: web.Request) -> bool:
        """Whether the credentials are valid. The scheme's case does not matter, as in HTTP's standard."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "basic" and value.strip() in self.credentials

    async def _execute(self, call: Call, delay: float = 0.0) -> Result:
        async def execute() -> Result:
            if delay:
                await self.sleep(delay)
            return self._execute_now(call)

        try:
            return await (self.keys.run_once(call.key, execute) if call.key else execute())
        except RefusedError as invalid_body:
            return invalid_body.result

    def _execute_now(self, call: Call) -> Result:
        name, request = call.operation.name, call.request
        body = parse_body(name, call.body, request.content_type)
        with self.lock:
            return self.ledger.execute(OperationCall(name, request.match_info, body, call.operation.method != "GET"))

    async def _fail(self, call: Call, fault: Fault) -> web.StreamResponse:
        if fault.kind == "slow":
            return await self._answer_slowly(call, fault.seconds)
        if fault.kind in AFTER_EFFECT:
            result = await self._execute(call)
            if fault.kind == "html-200" and result.status >= 300:
                return self._respond(call, result)  # a refusal must not look like a success
            return await self._fail_after(call, fault, result)
        if (page := GATEWAY_PAGES.get(fault.kind)) is not None:
            return self._send(call, page.response())
        return await self._fail_before(call, fault)

    async def _answer_slowly(self, call: Call, seconds: float) -> web.StreamResponse:
        self.slow_answers[call.order_id] += 1
        try:
            return self._respond(call, await self._execute(call, seconds))
        finally:
            self.slow_answers[call.order_id] -= 1

    async def _fail_before(self, call: Call, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "hang":
                return await self._hang(call)
            case "reset-before":
                self._log(call, None)
                return reset_connection(call.request)
            case "redirect":
                return self._redirect(call, 302)
            case "html-502":
                return self._send(call, html_page(502, self.quota.headers()))
            case "burst-429":
                self.quota.block(fault.seconds)
                return self._respond(call, error_result(429, "Too many requests."))
            case "status" if fault.status == 401:
                return self._send(call, unauthorized_response())
            case "status" if fault.status < 400:
                return self._redirect(call, fault.status)
            case _:
                return self._respond(call, error_result(fault.status or 503, "Something went wrong."))

    async def _fail_after(self, call: Call, fault: Fault, result: Result) -> web.StreamResponse:
        match fault.kind:
            case "hang-after":
                return await self._hang(call)
            case "reset-after":
                self._log(call, None)
                return reset_connection(call.request)
            case "cut":
                response = self._build(call, result)
                self._log(call, response.status if response.body else None)
                return send_truncated(call.request, response)
            case "html-200":
                return self._send(call, html_page(200, self.quota.headers()))
            case "duplicated":
                return self._respond(call, await self._execute(call))
            case "unsigned":
                return self._send(call, without_correlation_id(self._build(call, result)))
            case _:
                return self._respond(call, error_result(500, "Something went wrong."))

    async def _hang(self, call: Call) -> web.StreamResponse:
        self._log(call, None)
        await self.shutdown.wait()
        return reset_connection(call.request)

    def _redirect(self, call: Call, status: int) -> web.StreamResponse:
        """To the order itself: a client that follows it turns a write into a read, and gets 200."""
        location = {"Location": f"{call.origin}/ordermanagement/v1/orders/{call.order_id}"}
        return self._send(call, html_page(status, {**location, **self.quota.headers()}))

    def _respond(self, call: Call, result: Result) -> web.StreamResponse:
        return self._send(call, self._build(call, result))

    def _build(self, call: Call, result: Result) -> web.Response:
        return build_response(result, self.quota.headers(), call.origin)

    def _send(self, call: Call, response: web.Response) -> web.StreamResponse:
        if call.fault is not None:
            response.headers.update(call.fault.headers)
        self._log(call, response.status)
        return response

    def _log(self, call: Call, status: int | None) -> None:
        entry = LoggedRequest(
            operation=call.operation.name,
            method=call.operation.method,
            path=call.request.path,
            order_id=call.order_id,
            headers=headers_to_log(call.request.headers),
            key=call.key,
            body_digest=blake2b(call.body, digest_size=8).hexdigest() if call.body else "",
            status=status,
            fault=call.fault.kind if call.fault else "",
            time=self.clock(),
        )
        with self.lock:
            self.log.add(entry)
