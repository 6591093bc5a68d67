"""`klarna-om sandbox`, started as a process and through click."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.sandbox import command
from klarna_om.sandbox import Sandbox

AUTH = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}


def acknowledge(url: str, order_id: str) -> int:
    request = Request(f"{url}/ordermanagement/v1/orders/{order_id}/acknowledge", headers=AUTH, method="POST")
    with urlopen(request) as response:
        return int(response.status)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@contextmanager
def stopped_when(ready: Callable[[], bool], number: signal.Signals) -> Iterator[None]:
    """Send this process a signal as soon as `ready` is true."""

    def wait() -> None:
        while not ready():
            time.sleep(0.005)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of the sandboxes that serve."""
    urls: list[str] = []
    start = Sandbox.__aenter__

    async def record_start(self: Sandbox) -> Sandbox:
        await start(self)
        urls.append(self.url)
        return self

    monkeypatch.setattr(Sandbox, "__aenter__", record_start)
    return urls


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_at_the_start_and_the_effects_at_the_end(
    tmp_path: Path, serving: list[str], number: signal.Signals
) -> None:
    manifest = tmp_path / "orders.csv"
    before = signal.getsignal(number)

    def ready() -> bool:
        if not serving:
            return False
        order_id = manifest.read_text().split()[1]
        return acknowledge(serving[0], order_id) == acknowledge(serving[0], order_id) == 204

    with stopped_when(ready, number):
        result = run("--port", "0", "--orders", "3", "--manifest", str(manifest))

    assert result.exit_code == 0
    assert f"Klarna sandbox with 3 orders on {serving[0]}" in result.output
    assert f"export KLARNA_OM_ENVIRONMENT={serving[0]}\n" in result.output
    assert "export KLARNA_OM_USERNAME=sandbox\nexport KLARNA_OM_PASSWORD=sandbox\n" in result.output
    assert "2 requests, 2 effects." in result.output
    assert "orders.acknowledge: 2 executed, 1 orders more than once" in result.output
    assert manifest.read_text().split() == ["order_id", *Sandbox(3).order_ids]
    assert signal.getsignal(number) == before


def test_for_a_program_it_prints_lines_of_json(serving: list[str]) -> None:
    def ready() -> bool:
        if not serving:
            return False
        with urlopen(Request(f"{serving[0]}/_sandbox/orders", b"{}")) as response:
            order_id = json.loads(response.read())["order_id"]
        return acknowledge(serving[0], order_id) == 204

    with stopped_when(ready, signal.SIGTERM):
        result = run("--port", "0", "--json")

    first, last = map(json.loads, result.output.splitlines())
    assert first == {
        "url": serving[0],
        "username": "sandbox",
        "password": "sandbox",
        "api_key": "klarna_test_api_sandbox",
        "control": f"{serving[0]}/_sandbox",
    }
    assert last == {"requests": 1, "effects": {"orders.acknowledge": 1}}


def test_for_other_containers_it_prints_how_they_reach_it(serving: list[str]) -> None:
    with stopped_when(lambda: bool(serving), signal.SIGTERM):
        result = run("--port", "0", "--host", "0.0.0.0", "--allow-remote")

    port = serving[0].rpartition(":")[2]
    assert f"In other containers: KLARNA_OM_ENVIRONMENT=sandbox+http://NAME:{port}\n" in result.output
    assert f"export KLARNA_OM_ENVIRONMENT=http://127.0.0.1:{port}\n" in result.output


@pytest.mark.parametrize("has_uvloop", [True, False])
def test_it_uses_uvloop_only_where_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, serving: list[str], has_uvloop: bool
) -> None:
    factories: list[str] = []

    class Loops:
        @staticmethod
        def new_event_loop() -> asyncio.AbstractEventLoop:
            factories.append("uvloop")
            return asyncio.new_event_loop()

    monkeypatch.setitem(sys.modules, "uvloop", Loops if has_uvloop else None)

    with stopped_when(lambda: bool(serving), signal.SIGTERM):
        result = run("--port", "0")

    assert result.exit_code == 0
    assert factories == ["uvloop"] * has_uvloop


@pytest.mark.parametrize(
    ("option", "attribute", "value"),
    [("--limit=50", "limit", 50), ("--limit=0", "limit", None), ("--faults=in-a-row=7", "faults.in_a_row", 7)],
)
def test_options_reach_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, option: str, attribute: str, value: int | None
) -> None:
    sandboxes: list[Any] = []

    async def refuse(self: Sandbox) -> Sandbox:
        sandboxes.append(self)
        raise OSError("not started")

    monkeypatch.setattr(Sandbox, "__aenter__", refuse)

    result = run(option)

    assert result.exit_code == 1
    assert attrgetter(attribute)(sandboxes[0]) == value


def test_a_port_in_use_is_an_error_of_one_line() -> None:
    with Sandbox() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        result = run("--port", port)

    assert result.exit_code == 1
    assert result.output == f"Error: cannot listen on 127.0.0.1:{port}: {_in_use(result.output)}\n"


def _in_use(output: str) -> str:
    found = re.search(r"\d: (.*in use.*)\n", output)
    assert found
    return found[1]


def test_a_manifest_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    result = run("--manifest", str(tmp_path / "no" / "orders.csv"))

    assert result.exit_code == 1
    assert "Error: cannot write" in result.output


def test_an_invalid_plan_is_an_error_that_lists_the_available_faults() -> None:
    result = run("--faults", "lightning=1")

    assert result.exit_code == 2
    assert "no fault 'lightning'" in result.output
    assert "error-before" in result.output


def test_the_help_has_an_example_and_the_credentials() -> None:
    result = run("--help")

    assert "klarna-om sandbox --orders 2000 --faults demo --manifest orders.csv" in result.output
    assert "the username `sandbox` with the password `sandbox`" in result.output


def test_it_starts_and_stops_as_a_process(tmp_path: Path) -> None:
    start = "from klarna_om.cli.sandbox import command; command()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "--port", "0", "--orders", "1"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(" on ")[1].split(";")[0]
        with urlopen(f"{url}/_sandbox/effects") as response:
            effects = response.read()
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=20)[0]

    assert effects == b"{}"
    assert "0 requests, 0 effects." in output
    assert process.returncode == 0
