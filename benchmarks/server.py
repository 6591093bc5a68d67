"""Servers in processes of their own, on the other core: nginx where it is installed, else one on asyncio.

The one on asyncio also plays a merchant's rate limit and Klarna's latency, for the benchmarks that need them.
Each benchmark ends what it started, by its process id.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from attrs import define, field, frozen

from benchmarks import documents
from benchmarks.machine import SERVER_CORE, pin

ROOT = Path(__file__).resolve().parent.parent

HEADERS = {
    "Klarna-Correlation-Id": "6d0e9c8f-2f1c-4b36-9a4b-0b0d6b7d8f10",
    "X-Ratelimit-Limit": "1000000, 1000000;w=1",
    "X-Ratelimit-Remaining": "999999",
    "X-Ratelimit-Reset": "1",
}

Kind = Literal["none", "fixed window", "token bucket"]


@frozen
class Served:
    """A server that is running."""

    url: str
    kind: str
    pid: int


@contextlib.contextmanager
def fast_server(order: bytes, *, own: bool = False) -> Iterator[Served]:
    """204 to every POST and an order to every GET, as fast as the machine has it."""
    nginx = None if own else shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        with own_server(size=len(order)) as served:
            yield served
        return
    with tempfile.TemporaryDirectory(prefix="klarna-om-bench-") as directory:
        port = _free_port()
        configuration = Path(directory) / "nginx.conf"
        configuration.write_text(_nginx(Path(directory), port))
        (Path(directory) / "order.json").write_bytes(order)
        version = (
            subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.split("/")[-1].strip()
        )
        process = subprocess.Popen([nginx, "-p", directory, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        with _terminate_at_exit(process):
            _wait_for(port)
            _pin_other(process.pid)
            yield Served(f"http://127.0.0.1:{port}", f"nginx {version}", process.pid)


@contextlib.contextmanager
def own_server(
    *,
    size: int = 4600,
    slowest: float = 0.0,
    quickest: float = 0.0,
    kind: Kind = "none",
    limit: int = 1_000_000,
    core: int | None = SERVER_CORE,
    is_captured: bool = True,
    notes_arrivals: bool = False,
) -> Iterator[Served]:
    """A server on asyncio (uvloop where it is installed), with a latency and a rate limit.

    With `notes_arrivals`, `/arrivals` returns when each path was posted to since it was last asked, on the system's
    monotonic clock.
    """
    command = [sys.executable, "-m", "benchmarks.server", f"--size={size}", f"--kind={kind}", f"--limit={limit}"]
    command += [f"--quickest={quickest}", f"--slowest={slowest}", *([] if core is None else [f"--core={core}"])]
    command += [*(["--notes-arrivals"] if notes_arrivals else []), *([] if is_captured else ["--uncaptured"])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with _terminate_at_exit(process):
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Served(f"http://127.0.0.1:{port}", "benchmarks/server.py", process.pid)


@contextlib.contextmanager
def _terminate_at_exit(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


def _nginx(directory: Path, port: int) -> str:
    # The requested order, as Klarna answers.
    substitute = f"sub_filter '{documents.ORDER_ID.decode()}' $id; sub_filter_types application/json;"
    headers = "\n".join(f'    add_header {name} "{value}" always;' for name, value in HEADERS.items())
    paths = "\n".join(
        f"  {kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off;
master_process off;
worker_processes 1;
pid {directory}/pid;
error_log /dev/null;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600;
  default_type application/json;
  open_file_cache max=10;
{paths}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    root {directory};
{headers}
    location ~ ^/ordermanagement/v1/orders/(?<id>[^/]+)$ {{ {substitute} try_files /order.json =404; }}
    location / {{ return 204; }}
  }}
}}
"""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return cast("int", found.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("the server did not start")


def _pin_other(pid: int) -> None:
    if sys.platform == "linux" and SERVER_CORE in os.sched_getaffinity(0):
        os.sched_setaffinity(pid, {SERVER_CORE})


# What follows runs in the process of the server.


@define
class Quota:
    """A merchant's rate limit, and what came of the requests."""

    kind: Kind
    limit: int
    accepted: int = 0
    refused: int = 0
    seconds: dict[int, list[int]] = field(factory=dict[int, list[int]])
    """Accepted and refused by the second, which is also the fixed window."""
    _window: int = -1
    _used: int = 0
    _tokens: float = -1.0
    _filled: float = 0.0

    def admit(self) -> tuple[bool, int]:
        """Whether a request is within the limit, and how many remain."""
        now = time.monotonic()
        remaining = self._remaining(now)
        fits = self.kind == "none" or remaining >= 1
        if fits:
            self._used += 1
            self._tokens -= 1
        self._count(now, fits=fits)
        return fits, max(0, int(remaining) - 1)

    def _remaining(self, now: float) -> float:
        if self.kind == "token bucket":
            filled = now - self._filled if self._filled else float("inf")
            self._tokens, self._filled = min(self.limit, self._tokens + filled * self.limit), now
            return self._tokens
        if int(now) != self._window:
            self._window, self._used = int(now), 0
        return self.limit - self._used

    def _count(self, now: float, *, fits: bool) -> None:
        second = self.seconds.setdefault(int(now), [0, 0])
        second[0 if fits else 1] += 1
        self.accepted, self.refused = self.accepted + fits, self.refused + (not fits)

    def to_json(self) -> bytes:
        """Everything counted, as JSON."""
        return json.dumps({"accepted": self.accepted, "refused": self.refused, "seconds": self.seconds}).encode()


@frozen
class Rules:
    """How this server answers."""

    order: bytes
    quota: Quota
    quickest: float
    slowest: float
    arrivals: dict[str, list[float]] | None


class Exchange(asyncio.Protocol):
    """One connection: requests are read by their length, and answered with prepared bytes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._unread = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there in full."""
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = self._unread[:end]
            _, found, length = head.lower().partition(b"\r\ncontent-length:")
            whole = end + 4 + (int(length.partition(b"\r\n")[0]) if found else 0)
            if len(self._unread) < whole:
                return
            self._unread = self._unread[whole:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        method, path, _ = head.split(b" ", 2)
        rules = self._rules
        if path == b"/stats":
            self._write(_encode(200, rules.quota.to_json()))
            return
        if rules.arrivals is not None:
            if path == b"/arrivals":
                self._write(_encode(200, json.dumps(rules.arrivals).encode()))
                rules.arrivals.clear()
                return
            if method == b"POST":
                rules.arrivals.setdefault(path.decode(), []).append(time.monotonic())
        fits, remaining = rules.quota.admit()
        if not fits:
            answer = _encode(429, b"{}", rules.quota.limit, 0)
        elif method == b"GET":
            order = rules.order.replace(documents.ORDER_ID, path.rpartition(b"/")[2], 1)
            answer = _encode(200, order, rules.quota.limit, remaining)
        else:
            answer = _encode(204, b"", rules.quota.limit, remaining)
        if rules.slowest:
            seconds = random.uniform(rules.quickest, rules.slowest)
            asyncio.get_running_loop().call_later(seconds, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _encode(status: int, body: bytes, limit: int = 1_000_000, remaining: int = 999_999) -> bytes:
    reason = {200: "OK", 204: "No Content", 429: "Too Many Requests"}[status]
    length = "" if status == 204 else f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n"
    reset = math.ceil(1 - time.monotonic() % 1)
    return (
        f"HTTP/1.1 {status} {reason}\r\n{length}Klarna-Correlation-Id: {HEADERS['Klarna-Correlation-Id']}\r\n"
        f"X-Ratelimit-Limit: {limit}, {limit};w=1\r\nX-Ratelimit-Remaining: {remaining}\r\n"
        f"X-Ratelimit-Reset: {reset}\r\n\r\n"
    ).encode() + body


async def serve(rules: Rules) -> None:
    """Serve until SIGTERM; the port goes to standard output."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: Exchange(rules), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


def run() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=4600)
    parser.add_argument("--kind", choices=("none", "fixed window", "token bucket"), default="none")
    parser.add_argument("--limit", type=int, default=1_000_000)
    parser.add_argument("--quickest", type=float, default=0.0)
    parser.add_argument("--slowest", type=float, default=0.0)
    parser.add_argument("--core", type=int, default=None)
    parser.add_argument("--notes-arrivals", action="store_true")
    parser.add_argument("--uncaptured", action="store_true")
    given = parser.parse_args()
    if given.core is not None:
        pin(given.core)
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    quota = Quota(given.kind, given.limit)
    arrivals: dict[str, list[float]] | None = {} if given.notes_arrivals else None
    order = documents.order(given.size, is_captured=not given.uncaptured)
    rules = Rules(order, quota, given.quickest, given.slowest, arrivals)
    asyncio.run(serve(rules))


if __name__ == "__main__":
    run()
