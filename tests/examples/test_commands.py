"""One command starts a shop with all that it needs, and what it prints can be tried."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.client import call, settled, started
from tests.support.web_servers import free_port

ROOT = Path(__file__).parents[2]


async def curl(line: str) -> Any:
    """Do what the line says, as far as the examples use curl."""
    words = iter(shlex.split(line)[1:])
    method, url, more = "GET", "", dict[str, Any]()
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            more["data"] = next(words)
        elif word == "-H":
            name, value = next(words).split(": ")
            more["headers"] = {name: value}
        else:
            url = word
    return await call(method, url, **more)


@pytest.mark.parametrize("name", ["fastapi_shop", "aiohttp_shop"])
async def test_one_command_starts_a_shop_and_prints_what_works(name: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", f"examples.{name}", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shop:
        try:
            await started(f"http://127.0.0.1:{port}")
            assert shop.stdout is not None
            printed = ""
            while "Ctrl-C" not in printed:
                printed += shop.stdout.readline()
            lines = re.findall(r"^ +(curl .*)$", printed, re.MULTILINE)
            answers = []
            for line in lines:
                answers.append(await curl(line))
                if line.endswith("-1"):  # a shipment or a return that was put: wait for what comes of it
                    path = "/".join(line.rsplit("/", 2)[-2:])
                    await settled(f"http://127.0.0.1:{port}/{path}")
        finally:
            shop.send_signal(signal.SIGINT)
            _, errors = shop.communicate(timeout=20)

    effects = next(body for line, (_, body) in zip(lines, answers, strict=True) if line.endswith("effects"))
    assert len(lines) == 11
    assert {status for status, _ in answers} == {200, 202}
    assert {operation: counts["total"] for operation, counts in effects.items()} == {
        "orders.acknowledge": 1,
        "captures.create": 1,
        "refunds.create": 1,
    }
    assert "Traceback" not in errors


def test_what_the_readme_says_to_start_exists() -> None:
    readme = (ROOT / "examples/README.md").read_text("utf-8")

    for module in re.findall(r"python -m (examples\.\w+)", readme):
        assert (ROOT / module.replace(".", "/") / "__main__.py").exists(), module
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / "examples" / link).exists(), link
