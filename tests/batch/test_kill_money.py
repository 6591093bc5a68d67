"""kill -9 and suspensions in the middle of captures and refunds: each row has one effect, and is reported once.

`KLARNA_OM_KILL_SEEDS` is the number of repetitions for each operation; each seed has other moments. Every second seed
has no faults: there the repeats that the kills cost are counted.
"""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from klarna_om.sandbox import Sandbox

ORDERS = 100
REFERENCES = ("one", "two")
ROWS = ORDERS * len(REFERENCES)
IN_FLIGHT = 16
KILLS = 3
RUN_TIMEOUT = 60.0

FAULTS = "error-before=0.04,error-after=0.04,reset-before=0.02,reset-after=0.04,cut=0.02,slow=0.02:0.1,in-a-row=3"

AMOUNTS = {"captures.create": "captured_amount", "refunds.create": "refunded_amount"}


@define
class Money:
    """A job of captures or refunds, run by processes that are killed."""

    operation: str
    sandbox: Sandbox
    manifest: Path
    orders: list[str]

    def start(self) -> "subprocess.Popen[str]":
        environment = {
            "KLARNA_OM_ENVIRONMENT": self.sandbox.url,
            "KLARNA_OM_USERNAME": "sandbox",
            "KLARNA_OM_PASSWORD": "sandbox",
            "KLARNA_OM_API_KEY": "",
        }
        arguments = ("batch", self.operation, str(self.manifest), "--json", "--in-flight", str(IN_FLIGHT))
        return subprocess.Popen(
            [sys.executable, "-m", "klarna_om.cli", *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run_until(self, count: int, after: float, *, suspend: bool) -> None:
        """Run until there are this many effects, and some seconds more; then kill it, or suspend it first."""
        running = self.start()
        while running.poll() is None and self.sandbox.effects(operation=self.operation) < count:
            time.sleep(0.005)
        time.sleep(after)
        if suspend and running.poll() is None:
            running.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            running.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        running.kill()
        running.communicate()

    def finish(self) -> dict[str, Any]:
        """Run the same command until everything is settled."""
        summary: dict[str, Any] = {"exit_code": None}
        repeats = 5
        while summary["exit_code"] != 0 and repeats:
            output, _ = self.start().communicate(timeout=RUN_TIMEOUT)
            summary, repeats = json.loads(output), repeats - 1
        return summary

    def references(self, order_id: str) -> list[str]:
        """The references under which the order has captures, or refunds, of this job."""
        order = self.sandbox.get(order_id)
        entries = order.captures if self.operation == "captures.create" else order.refunds
        return sorted(entry.reference or "" for entry in entries if entry.reference in REFERENCES)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("operation", AMOUNTS)
@pytest.mark.parametrize("seed", range(int(os.environ.get("KLARNA_OM_KILL_SEEDS", "1"))))
def test_kill_9_at_any_moment_makes_each_capture_and_refund_once(seed: int, operation: str, tmp_path: Path) -> None:
    moments = random.Random(seed)
    has_faults = seed % 2 == 0
    with Sandbox(limit=None, seed=seed) as sandbox:
        captured = 1000 if operation == "refunds.create" else 0
        orders = [sandbox.order(order_amount=1000, captured_amount=captured).order_id or "" for _ in range(ORDERS)]
        money = Money(operation, sandbox, tmp_path / "money.csv", orders)
        rows = [f"{order_id},100,{reference}" for order_id in orders for reference in REFERENCES]
        money.manifest.write_text("\n".join([f"order_id,{AMOUNTS[operation]},reference", *rows]))
        sandbox.faults = FAULTS if has_faults else "none"

        for count in sorted(moments.sample(range(1, ROWS), KILLS)):
            money.run_until(count, moments.uniform(0.0, 0.03), suspend=moments.random() < 0.5)
        replays = sandbox.replays
        summary = money.finish()
        found = [money.references(order_id) for order_id in orders]
        killed_calls = sandbox.replays - replays if not has_faults else 0

    assert (summary["done"], summary["exit_code"]) == (ROWS, 0)
    assert found == [list(REFERENCES)] * ORDERS
    assert killed_calls <= KILLS * IN_FLIGHT
    with (tmp_path / "money.report.csv").open(newline="", encoding="utf-8") as file:
        reported = list(csv.DictReader(file))
    assert Counter(row["outcome"] for row in reported) == {"done": ROWS}
    assert len({row["result_id"] for row in reported}) == ROWS
