"""Files that a job writes: regular files only, so that no device, pipe or link is written or replaced."""

import os
import stat
from contextlib import suppress
from pathlib import Path

_KINDS = (
    (stat.S_ISLNK, "a symbolic link; name the file that it points to"),
    (stat.S_ISDIR, "a directory; name a file in it"),
    (stat.S_ISFIFO, "a pipe; name a regular file"),
    (stat.S_ISSOCK, "a socket; name a regular file"),
)


def find_problem(path: Path) -> str | None:
    """Why this path cannot be written, with advice; None for a regular file, or where there is nothing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        return None
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "a device; name a regular file")
    return f"{path} is {kind}"


def sync_directory(path: Path) -> None:
    """Make a new file name survive a power cut, where the system can; Windows and some file systems cannot."""
    with suppress(OSError):
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
