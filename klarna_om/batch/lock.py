"""One process per job: a lock that the kernel frees however its process ends."""

import sys
from pathlib import Path
from typing import IO

from klarna_om.batch.journal import JournalError, JournalInUseError

if sys.platform == "win32":  # pragma: no cover - the tests run where flock is
    import msvcrt

    def _lock_file(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_file(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock(journal: Path) -> IO[bytes]:
    """Take the lock of a journal; closing the file frees it.

    The lock is on a file beside the journal. Opening and closing the journal itself would drop SQLite's own locks on
    it. The lock file is never removed: else two processes could each lock a file of that name.
    """
    journal = journal.resolve()  # two names of one file have one lock
    path = journal.with_name(journal.name + ".lock")
    try:
        file = path.open("ab")
    except OSError as reason:
        raise JournalError(f"cannot write beside the journal {journal}: {reason.strerror}") from reason
    try:
        _lock_file(file)
    except OSError as reason:
        file.close()
        raise JournalInUseError(
            f"another process is working on {journal}: wait until it has ended, or stop it, then run the same command"
            " again"
        ) from reason
    return file
