"""`klarna-om demo`: two thousand orders, a bad day at Klarna, a hard kill in the middle, and the account."""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from klarna_om.cli.demo_counts import Counts, counts_at

ORDERS = 2_000
LONGEST = 300.0
"""Seconds after which a run is given up."""

Process = subprocess.Popen[bytes]


@click.command(
    "demo",
    epilog="""\b
Example:
  klarna-om demo --keep ./demo

Exit codes: 0 every order acknowledged exactly once, 1 otherwise.
""",
)
@click.option("--orders", type=click.IntRange(min=1), default=ORDERS, show_default=True, help="How many orders.")
@click.option("--seed", default=1, show_default=True, help="What orders and faults are derived from.")
@click.option("--faults", default="demo", show_default=True, help="What goes wrong; see klarna-om sandbox --help.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for manifest, journal and report."
)
def command(orders: int, seed: int, faults: str, keep: Path | None) -> None:
    """Acknowledge thousands of orders at a stand-in for Klarna, die in the middle, resume, and count.

    Everything is real but Klarna: the sandbox runs in a process of its own and fails before the effect, after the
    effect, by connection resets, slow answers and bursts of 429. The batch is the command `acknowledge`; it is
    killed hard (kill -9) when half of the orders are done, and started again by the same command.
    """
    manifest = _folder(keep) / "orders.csv"
    with _sandbox(manifest, orders, seed, faults) as url:
        click.echo(f"A sandbox of Klarna runs at {url}, with {orders} orders and the fault plan '{faults}'.")
        click.echo(f"klarna-om acknowledge {manifest}\n")
        killed = _run_and_kill(manifest, url, orders)
        click.echo(f"\nKilled hard (kill -9) with {killed.orders} orders acknowledged. The same command again:\n")
        _run(manifest, url).wait(LONGEST)
        ended = counts_at(url)
    click.echo(_account(manifest, orders, killed, ended))
    raise SystemExit(0 if ended.orders == orders and not ended.more_than_once else 1)


def _folder(keep: Path | None) -> Path:
    """A folder without the journal of an earlier demo, whose orders were another sandbox's."""
    folder = keep or Path(tempfile.mkdtemp(prefix="klarna-om-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("orders.*"):
        old.unlink()
    return folder


@contextmanager
def _sandbox(manifest: Path, orders: int, seed: int, faults: str) -> Generator[str]:
    """Klarna, in a process of its own; gives its URL."""
    options = ["--port", "0", "--orders", str(orders), "--seed", str(seed), "--faults", faults]
    words = [*_klarna_om(), "sandbox", *options, "--manifest", str(manifest)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = "export KLARNA_OM_ENVIRONMENT="
        url = next((line.removeprefix(told).strip() for line in process.stdout if line.startswith(told)), None)
        if url is None:
            raise click.ClickException("the sandbox did not start; it says why above")
        try:
            yield url
        finally:
            process.terminate()
            process.stdout.read()


def _klarna_om() -> list[str]:
    return [sys.executable, "-m", "klarna_om.cli"]


def _run(manifest: Path, url: str) -> Process:
    ours = {"KLARNA_OM_ENVIRONMENT": url, "KLARNA_OM_USERNAME": "sandbox", "KLARNA_OM_PASSWORD": "sandbox"}
    # Whatever credentials there are may be real ones: they stay here.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KLARNA_OM_")}
    return subprocess.Popen([*_klarna_om(), "acknowledge", str(manifest)], env={**inherited, **ours})


def _run_and_kill(manifest: Path, url: str, orders: int) -> Counts:
    """Start the batch and kill it hard when half of the orders are done."""
    with _run(manifest, url) as process:
        give_up = time.monotonic() + LONGEST
        while process.poll() is None and counts_at(url).orders < orders / 2 and time.monotonic() < give_up:
            time.sleep(0.02)
        process.kill()
    return counts_at(url)


def _account(manifest: Path, orders: int, killed: Counts, ended: Counts) -> str:
    report = manifest.with_suffix(".report.csv")
    with report.open(newline="") as file:
        outcomes = [row["outcome"] for row in csv.DictReader(file)]
    figures = {
        "orders in the manifest": orders,
        "acknowledged on the server": ended.orders,
        "requests sent": ended.requests,
        "  of them repeats": ended.requests - orders,
        "  met by a fault": ended.faults,
        "  answered from Klarna's key store": ended.replayed,
        "  so answered after the kill": ended.replayed - killed.replayed,
        "done in the report": outcomes.count("done"),
        "acknowledged twice": ended.more_than_once,
        "lost": orders - ended.orders,
    }
    lines = [f"{name:<36}{figure:>6}" for name, figure in figures.items()]
    return "\n".join(["", *lines, "", f"Report:  {report}", f"Journal: {manifest}.journal"])
