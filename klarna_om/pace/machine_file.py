"""The file that the processes of one machine share: in memory, this user's own, locked for microseconds at a time.

The kernel frees a lock with the process that held it, also one that was killed. Each number is stored by itself, so a
process that is killed while it writes leaves some numbers old and some new, and none half written.
"""

import os
import stat
import tempfile
import weakref
from importlib.util import find_spec
from mmap import mmap
from pathlib import Path

from klarna_om.errors import ConfigurationError
from klarna_om.pace.merchant import Merchant

CELLS = 13
"""Numbers of eight bytes; `machine.py` says what they are."""
SIZE = CELLS * 8
MEMORY = Path("/dev/shm")  # noqa: S108  # it is opened with O_NOFOLLOW, and its owner is looked at
"""A disk would do, and stall a store now and then while it writes."""


def check_support() -> None:
    """Raise `ConfigurationError` on a platform without the locks that this needs."""
    if find_spec("fcntl") is None:
        raise ConfigurationError(
            "pace='machine' needs file locks of Unix, which this platform does not have: use pace='shared' in one"
            " process, or a PostgreSQL or Redis that all processes share"
        )


def path_of(merchant: Merchant) -> Path:
    """Where this user's processes meet for a merchant."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    directory = MEMORY if os.access(MEMORY, os.W_OK) else runtime
    return directory / f"klarna_om-{os.geteuid()}-{merchant.name}.pace1"


class MachineFile:
    """The mapped file, and its lock."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it; `ConfigurationError` for what is not this user's own file."""
        import fcntl

        self._flock, self._take, self._free = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN
        self.pid = os.getpid()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _refused(path, error.strerror or "it cannot be opened") from None
        self.close = weakref.finalize(self, os.close, self._fd)
        _check(path, os.fstat(self._fd))
        os.ftruncate(self._fd, SIZE)
        self.cells = memoryview(mmap(self._fd, SIZE)).cast("d")

    def try_lock(self, tries: int) -> bool:
        """Take the lock without waiting for it."""
        for _ in range(tries):
            try:
                self._flock(self._fd, self._take)
            except BlockingIOError:
                continue
            return True
        return False

    def unlock(self) -> None:
        """Give it to the others."""
        self._flock(self._fd, self._free)

    def is_usable(self) -> bool:
        """Is it still the file that other processes open? It may be deleted, as when its user logs out."""
        found = os.fstat(self._fd)
        return found.st_nlink == 1 and found.st_size == SIZE


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise _refused(path, "it is not a plain file with one name")
    if found.st_uid != os.geteuid():
        raise _refused(path, f"it belongs to another user, {found.st_uid}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise _refused(path, f"others may open it (its mode is {stat.S_IMODE(found.st_mode):o}, and must be 600)")


def _refused(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the pace of this machine cannot use {path}: {reason}. Delete it, or use pace='shared', which paces this"
        " process by itself"
    )
