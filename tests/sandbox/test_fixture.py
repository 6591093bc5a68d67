"""The fixture `klarna_sandbox`, in runs of pytest as its users start them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ACKNOWLEDGE = """
    import asyncio
    from urllib.request import Request, urlopen

    import pytest

    AUTH = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}

    def acknowledge(sandbox):
        order = sandbox.order()
        url = f"{sandbox.url}/ordermanagement/v1/orders/{order.order_id}/acknowledge"
        with urlopen(Request(url, headers=AUTH, method="POST")) as answer:
            return answer.status
"""
SYNC = """
    def test_first(klarna_sandbox):
        assert acknowledge(klarna_sandbox) == 204
        assert klarna_sandbox.acknowledgements == 1

    def test_second(klarna_sandbox):
        assert klarna_sandbox.acknowledgements == 0
"""
ASYNC = """
    async def test_async(klarna_sandbox):
        assert await asyncio.to_thread(acknowledge, klarna_sandbox) == 204
        assert klarna_sandbox.acknowledgements == 1
"""

CLIENT = """
    async def test_client(klarna_sandbox):
        order_id = klarna_sandbox.order().order_id
        await klarna_sandbox.client().orders.acknowledge(order_id)
        assert klarna_sandbox.is_acknowledged(order_id)
"""


def run(folder: Path, test: str, *options: str) -> str:
    (folder / "test_of_a_user.py").write_text(textwrap.dedent(ACKNOWLEDGE) + textwrap.dedent(test))
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, "-p", "klarna_om.sandbox.pytest_plugin", "--rootdir", str(folder), str(folder)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_synchronous_test_gets_a_new_sandbox(tmp_path: Path) -> None:
    assert "2 passed" in run(tmp_path, SYNC)


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixture_works_with_pytest_asyncio_in_both_modes(tmp_path: Path, mode: str) -> None:
    mark = "" if mode == "auto" else "@pytest.mark.asyncio\n    "
    test = ASYNC.replace("async def", f"{mark}async def")
    options = (
        "-p",
        "pytest_asyncio.plugin",
        f"--asyncio-mode={mode}",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    )

    assert "1 passed" in run(tmp_path, test, *options)


def test_the_fixture_works_with_anyio(tmp_path: Path) -> None:
    test = '\n    @pytest.fixture\n    def anyio_backend():\n        return "asyncio"\n' + ASYNC.replace(
        "async def", "@pytest.mark.anyio\n    async def"
    )

    assert "1 passed" in run(tmp_path, test, "-p", "anyio.pytest_plugin")


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_client_needs_no_closing_with_pytest_asyncio(tmp_path: Path, scope: str) -> None:
    options = ("-p", "pytest_asyncio.plugin", "--asyncio-mode=auto", "-o", f"asyncio_default_test_loop_scope={scope}")

    output = run(tmp_path, CLIENT, *options, "-o", f"asyncio_default_fixture_loop_scope={scope}")

    assert "1 passed" in output
    assert "Unclosed" not in output


def test_a_client_needs_no_closing_with_anyio(tmp_path: Path) -> None:
    test = CLIENT.replace("async def", "@pytest.mark.anyio\n    async def")
    test = '\n    @pytest.fixture\n    def anyio_backend():\n        return "asyncio"\n' + test

    output = run(tmp_path, test, "-p", "anyio.pytest_plugin")

    assert "1 passed" in output
    assert "Unclosed" not in output


def test_the_plugin_does_not_import_aiohttp(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "klarna_om" / "sandbox" / "pytest_plugin.py"
    check = "import sys, runpy; runpy.run_path(sys.argv[1]); assert 'aiohttp' not in sys.modules, 'heavy'"

    subprocess.run([sys.executable, "-c", check, str(source)], check=True, timeout=50, cwd=tmp_path)


def test_the_fixture_is_available_in_this_run(klarna_sandbox: object) -> None:
    assert type(klarna_sandbox).__name__ == "Sandbox"
