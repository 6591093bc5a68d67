"""kill -9 at random moments, again and again: every order is acknowledged once, and every line reported once.

`KLARNA_OM_KILL_SEEDS` is the number of repetitions; each seed kills at other moments.
"""

import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ORDERS = 1_000
KILLS = 4
RUN_TIMEOUT = 45.0

FAULTS = "error-before=0.04,error-after=0.04,reset-before=0.02,reset-after=0.04,cut=0.02,slow=0.02:0.1,in-a-row=3"

KLARNA_OM = (sys.executable, "-m", "klarna_om.cli")


@contextmanager
def klarna(manifest: Path, seed: int) -> Generator[str, None, None]:
    """Run a sandbox in its own process; yields its URL."""
    settings = ("--port", "0", "--orders", str(ORDERS), "--seed", str(seed), "--faults", FAULTS, "--limit", "600")
    serving = subprocess.Popen(
        [*KLARNA_OM, "sandbox", *settings, "--manifest", str(manifest)], stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    try:
        for line in serving.stdout:
            if line.startswith("export KLARNA_OM_ENVIRONMENT="):
                yield line.partition("=")[2].strip()
                break
    finally:
        serving.terminate()
        serving.communicate()


def acknowledge(manifest: Path, url: str) -> "subprocess.Popen[str]":
    environment = {
        "KLARNA_OM_ENVIRONMENT": url,
        "KLARNA_OM_USERNAME": "sandbox",
        "KLARNA_OM_PASSWORD": "sandbox",
        "KLARNA_OM_API_KEY": "",
    }
    return subprocess.Popen(
        [*KLARNA_OM, "acknowledge", str(manifest), "--json"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def kill_at_start(manifest: Path, url: str, after: float) -> None:
    """Kill after some seconds: while it starts, makes its journal, loads the manifest, begins to send."""
    running = acknowledge(manifest, url)
    time.sleep(after)
    kill(running)


def kill_when_executed(manifest: Path, url: str, count: int, after: float) -> None:
    """Kill some seconds after this number of orders was acknowledged."""
    running = acknowledge(manifest, url)
    while running.poll() is None and executed(url).get("total", 0) < count:
        time.sleep(0.005)
    time.sleep(after)
    kill(running)


def kill(running: "subprocess.Popen[str]") -> None:
    running.kill()
    running.communicate()


def executed(url: str) -> dict[str, Any]:
    """The executed calls, as the sandbox counts them."""
    with urlopen(f"{url}/_sandbox/effects") as answer:
        effects: dict[str, dict[str, Any]] = json.loads(answer.read())
    return effects.get("orders.acknowledge", {})


def finished(manifest: Path, url: str) -> dict[str, Any]:
    """Run the same command until everything is settled."""
    summary: dict[str, Any] = {"exit_code": None}
    repeats = 5
    while summary["exit_code"] != 0 and repeats:
        output, _ = acknowledge(manifest, url).communicate(timeout=RUN_TIMEOUT)
        summary, repeats = json.loads(output), repeats - 1
    return summary


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(int(os.environ.get("KLARNA_OM_KILL_SEEDS", "1"))))
def test_kill_9_at_any_moment_costs_no_order_and_repeats_none(seed: int, tmp_path: Path) -> None:
    manifest = tmp_path / "orders.csv"
    moments = random.Random(seed)
    with klarna(manifest, seed) as url:
        kill_at_start(manifest, url, moments.uniform(0.1, 1.0))
        for count in sorted(moments.sample(range(1, ORDERS), KILLS)):
            kill_when_executed(manifest, url, count, moments.uniform(0.0, 0.03))
        summary = finished(manifest, url)
        effects = executed(url)

    assert (summary["done"], summary["exit_code"]) == (ORDERS, 0)
    assert (effects["total"], effects["orders"], effects["more_than_once"]) == (ORDERS, ORDERS, [])
    with (tmp_path / "orders.report.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == [str(line) for line in range(2, ORDERS + 2)]
    assert [row["order_id"] for row in rows] == manifest.read_text().split()[1:]
    assert {row["outcome"] for row in rows} == {"done"}
