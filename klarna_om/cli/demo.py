"""`klarna-om demo`: two thousand orders, injected faults, a kill -9 in the middle, and a count of the results."""

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

from klarna_om.cli.demo_counts import Counts, fetch_counts

ORDERS = 2_000
RUN_TIMEOUT = 300.0
"""Seconds after which a run is stopped."""

Process = subprocess.Popen[bytes]


@click.command(
    "demo",
    epilog="""\b
Example:
  klarna-om demo --keep ./demo

Exit codes: 0 every order acknowledged exactly once, 1 otherwise.
""",
)
@click.option("--orders", type=click.IntRange(min=1), default=ORDERS, show_default=True, help="Number of orders.")
@click.option("--seed", default=1, show_default=True, help="Seed for orders and faults.")
@click.option("--faults", default="demo", show_default=True, help="Faults to inject; see klarna-om sandbox --help.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for manifest, journal and report."
)
def command(orders: int, seed: int, faults: str, keep: Path | None) -> None:
    """Acknowledge thousands of orders at a sandbox of Klarna, get killed in the middle, resume, and count.

    Only Klarna is not real: the sandbox runs in its own process and injects errors before and after the effect,
    connection resets, slow answers and bursts of 429. The batch is the command `acknowledge`; it is killed
    (kill -9) when half of the orders are done, and started again by the same command.
    """
    manifest = _prepare_folder(keep) / "orders.csv"
    with _run_sandbox(manifest, orders, seed, faults) as url:
        click.echo(f"A sandbox of Klarna runs at {url}, with {orders} orders and the fault plan '{faults}'.")
        click.echo(f"klarna-om acknowledge {manifest}\n")
        killed = _run_and_kill(manifest, url, orders)
        click.echo(f"\nKilled (kill -9) with {killed.orders} orders acknowledged. The same command again:\n")
        _run(manifest, url).wait(RUN_TIMEOUT)
        final = fetch_counts(url)
    click.echo(_result_table(manifest, orders, killed, final))
    raise SystemExit(0 if final.orders == orders and not final.more_than_once else 1)


def _prepare_folder(keep: Path | None) -> Path:
    """Make a folder, without the journal of an earlier demo, whose orders were another sandbox's."""
    folder = keep or Path(tempfile.mkdtemp(prefix="klarna-om-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("orders.*"):
        old.unlink()
    return folder


@contextmanager
def _run_sandbox(manifest: Path, orders: int, seed: int, faults: str) -> Generator[str]:
    """Run a sandbox in its own process; yields its URL."""
    options = ["--port", "0", "--orders", str(orders), "--seed", str(seed), "--faults", faults]
    command_line = [*_klarna_om(), "sandbox", *options, "--manifest", str(manifest)]
    with subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        prefix = "export KLARNA_OM_ENVIRONMENT="
        url = next((line.removeprefix(prefix).strip() for line in process.stdout if line.startswith(prefix)), None)
        if url is None:
            raise click.ClickException("the sandbox did not start; the reason is above")
        try:
            yield url
        finally:
            process.terminate()
            process.stdout.read()


def _klarna_om() -> list[str]:
    return [sys.executable, "-m", "klarna_om.cli"]


def _run(manifest: Path, url: str) -> Process:
    sandbox = {"KLARNA_OM_ENVIRONMENT": url, "KLARNA_OM_USERNAME": "sandbox", "KLARNA_OM_PASSWORD": "sandbox"}
    sandbox["KLARNA_OM_PACE"] = "shared"  # nobody else calls this sandbox
    # Credentials in the environment may be real: they are not passed on.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KLARNA_OM_")}
    return subprocess.Popen([*_klarna_om(), "acknowledge", str(manifest)], env={**inherited, **sandbox})


def _run_and_kill(manifest: Path, url: str, orders: int) -> Counts:
    """Start the batch and kill it when half of the orders are done."""
    with _run(manifest, url) as process:
        deadline = time.monotonic() + RUN_TIMEOUT
        while process.poll() is None and fetch_counts(url).orders < orders / 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    return fetch_counts(url)


def _result_table(manifest: Path, orders: int, killed: Counts, final: Counts) -> str:
    report = manifest.with_suffix(".report.csv")
    with report.open(newline="") as file:
        outcomes = [row["outcome"] for row in csv.DictReader(file)]
    counts = {
        "orders in the manifest": orders,
        "acknowledged on the server": final.orders,
        "requests sent": final.requests,
        "  of them repeats": final.requests - orders,
        "  met by a fault": final.faults,
        "  answered from Klarna's key store": final.replayed,
        "  so answered after the kill": final.replayed - killed.replayed,
        "done in the report": outcomes.count("done"),
        "acknowledged twice": final.more_than_once,
        "lost": orders - final.orders,
    }
    lines = [f"{name:<36}{count:>6}" for name, count in counts.items()]
    return "\n".join(["", *lines, "", f"Report:  {report}", f"Journal: {manifest}.journal"])
