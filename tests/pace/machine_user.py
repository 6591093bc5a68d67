"""Another process that uses the pace of a machine: `python -m tests.pace.machine_user FILE WHAT`."""

import os
import signal
import sys
from pathlib import Path

from klarna_om.pace.machine import MachinePacer
from klarna_om.pace.machine_file import MachineFile

LIMIT = 1e5
NOW = 1000.0


def count_at_once(pacer: MachinePacer) -> int:
    """How many slots there are at one moment, asked until there is none, whoever has the lock meanwhile."""
    count = misses = 0
    while misses < 1000:
        if pacer.try_acquire("live"):
            count, misses = count + 1, 0
        else:
            misses += 1
    return count


def hold_the_lock(path: Path) -> None:
    """Until a signal comes."""
    file = MachineFile(path)
    assert file.try_lock(1)
    os.write(1, b"locked\n")
    signal.pause()
    file.unlock()


def fork_and_count(path: Path) -> None:
    """Take the slots of one moment in this process and in a fork of it, with what was opened before."""
    pacer = MachinePacer(path, LIMIT, clock=lambda: NOW)
    os.fork()
    os.write(1, f"{count_at_once(pacer)}\n".encode())


if __name__ == "__main__":
    {"hold_the_lock": hold_the_lock, "fork_and_count": fork_and_count}[sys.argv[2]](Path(sys.argv[1]))
