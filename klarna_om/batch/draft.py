"""A file that is complete or not there: it is written under a temporary name, and then put in its place."""

import errno
import os
from pathlib import Path
from uuid import uuid4

from klarna_om.batch.output_file import find_problem, sync_directory


class Draft:
    """A text file that is not complete yet. Raises `FileExistsError` for a path that is not a regular file."""

    def __init__(self, target: Path) -> None:
        _check_target(target)
        self._target = target
        self._path = target.with_name(f".klarna-om.{uuid4().hex}.tmp")
        self.file = self._path.open("x", newline="", encoding="utf-8")

    def publish(self) -> None:
        """Put it in its place, complete and on disk."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        _check_target(self._target)
        self._path.replace(self._target)
        sync_directory(self._target)

    def discard(self) -> None:
        """Leave nothing of it."""
        self.file.close()
        self._path.unlink(missing_ok=True)


def write_whole(target: Path, text: str) -> None:
    """Write a file; an older one is replaced in one step."""
    draft = Draft(target)
    try:
        draft.file.write(text)
        draft.publish()
    except BaseException:
        draft.discard()
        raise


def _check_target(target: Path) -> None:
    if (problem := find_problem(target)) is not None:
        raise FileExistsError(errno.EEXIST, problem)
