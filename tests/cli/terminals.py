"""A command on a terminal of its own: what a person sees, and what they type."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from klarna_om.sandbox import Sandbox

TIMEOUT = 50.0
"""Seconds after which a command that prints nothing more has hung."""


def settings_of(sandbox: Sandbox) -> dict[str, str]:
    """The variables of the environment by which a command calls a sandbox."""
    return {
        "KLARNA_OM_ENVIRONMENT": sandbox.url,
        "KLARNA_OM_USERNAME": sandbox.username,
        "KLARNA_OM_PASSWORD": sandbox.password,
        "KLARNA_OM_API_KEY": "",
    }


class Terminal:
    """A pseudo-terminal of some width, and a command that has it as its standard streams."""

    def __init__(self, sandbox: Sandbox, arguments: Sequence[str], width: int = 80) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "klarna_om.cli", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, **settings_of(sandbox), "TERM": "xterm", "COLUMNS": "", "LINES": ""},
        )
        os.close(slave)
        self.output = ""

    def read_until(self, words: str) -> None:
        """Wait until the command has printed these words."""
        while words not in self.output:
            if not self._read():
                raise AssertionError(f"{words!r} was not printed: {self.output}")

    def type(self, text: str) -> None:
        """Type, as a person does."""
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C once the command waits.

        A signal in the moment before a blocking read is only seen by Python when the read has ended.
        """
        state = Path(f"/proc/{self._process.pid}/stat")
        seen_waiting = 0
        while seen_waiting < 3 and state.exists():
            is_waiting = state.read_text().rpartition(")")[2].split()[0] == "S"
            seen_waiting = seen_waiting + 1 if is_waiting else 0
            time.sleep(0.02)
        self._process.send_signal(signal.SIGINT)

    def close(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self._master)
        return self._process.wait(TIMEOUT)

    def _read(self) -> bool:
        readable, _, _ = select.select([self._master], [], [], TIMEOUT)
        assert readable, f"the command has hung: {self.output}"
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the command has closed its end
            return False
        self.output += data.decode(errors="replace")
        return bool(data)
