"""How a command ended, for scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the commands; each says in its `--help` which it has."""

    DONE = 0
    INCOMPLETE = 1
    USAGE = 2
    STOPPED = 3
    NOTHING_SENT = 4


MEANINGS = {
    ExitCode.DONE: "every order is acknowledged",
    ExitCode.INCOMPLETE: "some were refused, are of unknown outcome, or are malformed: see the report",
    ExitCode.USAGE: "the command, the manifest or the journal cannot be used",
    ExitCode.STOPPED: "stopped before the end; the same command goes on from there",
    ExitCode.NOTHING_SENT: "Klarna does not take these credentials or is not at this address; mend it, then the same",
}
