"""A disk that is full stops the sending at once, and nothing is lost."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from klarna_om.sandbox import Sandbox

ORDERS = 400


def acknowledge(sandbox: Sandbox, folder: Path, largest_file: int) -> "subprocess.CompletedProcess[str]":
    """Run the command where no file can grow beyond so many bytes; the system refuses the write, as on a full disk."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return subprocess.run(
        [sys.executable, "-m", "klarna_om.cli", "acknowledge", "orders.csv", "--in-flight", "8"],
        cwd=folder,
        env={
            **os.environ,
            "KLARNA_OM_ENVIRONMENT": sandbox.url,
            "KLARNA_OM_USERNAME": "sandbox",
            "KLARNA_OM_PASSWORD": "sandbox",
        },
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_full_disk_stops_the_sending_and_the_same_command_continues(tmp_path: Path) -> None:
    with Sandbox(orders=ORDERS, limit=None) as sandbox:
        (tmp_path / "orders.csv").write_text("order_id\n" + "".join(f"{each}\n" for each in sandbox.order_ids))

        full = acknowledge(sandbox, tmp_path, 512 * 1024)
        acknowledged = sandbox.acknowledgements
        continued = acknowledge(sandbox, tmp_path, resource.RLIM_INFINITY)

        assert (full.returncode, continued.returncode) == (3, 0)
        assert "the journal cannot be written" in full.stderr
        assert "Check its disk and run the same command again" in full.stderr
        assert 0 < acknowledged < ORDERS
        assert [sandbox.effects(each) for each in sandbox.order_ids] == [1] * ORDERS
