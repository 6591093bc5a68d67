"""The exit codes, for scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the commands; the `--help` of each lists its own."""

    DONE = 0
    INCOMPLETE = 1
    USAGE = 2
    STOPPED = 3
    CREDENTIALS_OR_HOST = 4
    """The credentials or the host are wrong; earlier orders may be done."""
    INTERRUPTED = 130
    """What a shell shows for Ctrl-C."""


MEANINGS = {
    ExitCode.DONE: "everything is done",
    ExitCode.INCOMPLETE: "some were refused, have an unknown outcome, or could not be sent: see the report; or --verify"
    " found rows that differ or could not be read",
    ExitCode.USAGE: "the command, the manifest, the journal or the report cannot be used, or no line names an order",
    ExitCode.STOPPED: "stopped early; the same command continues",
    ExitCode.CREDENTIALS_OR_HOST: "stopped: credentials, host or equal refusals; the summary shows how many were done"
    " before. Fix it, then the same command continues",
    ExitCode.INTERRUPTED: "interrupted before there was a journal; nothing was sent",
}
