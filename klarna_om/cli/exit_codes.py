"""How a command ended, for scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the commands; each says in its `--help` which it has."""

    DONE = 0
    INCOMPLETE = 1
    USAGE = 2
    STOPPED = 3
    NOTHING_SENT = 4
    """Credentials or host; orders before may be done."""
    INTERRUPTED = 130
    """What a shell shows for Ctrl-C."""


MEANINGS = {
    ExitCode.DONE: "every order is acknowledged",
    ExitCode.INCOMPLETE: "some were refused, are of unknown outcome, or are malformed: see the report",
    ExitCode.USAGE: "the command, the manifest, the journal or the report cannot be used, or no line names an order",
    ExitCode.STOPPED: "stopped before the end; the same command goes on from there",
    ExitCode.NOTHING_SENT: "stopped: credentials or host; the summary tells how many were done before. Fix it, then the"
    " same command goes on",
    ExitCode.INTERRUPTED: "interrupted before there was a journal; nothing was sent",
}
