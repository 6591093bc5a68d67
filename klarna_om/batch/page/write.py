"""Write the page, in one step, or not at all."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from klarna_om.batch.draft import write_whole
from klarna_om.batch.execution import wall_clock
from klarna_om.batch.journal import JournalReader
from klarna_om.batch.page.libraries import require_libraries
from klarna_om.batch.page.view import read_view
from klarna_om.batch.threads import run_in_thread


async def write_page(journal: JournalReader, path: str | Path, *, now: Callable[[], datetime] = wall_clock) -> None:
    """Write one HTML page about a job: complete in itself, and an older one is replaced in one step.

    It needs the extra `report`: `pip install 'klarna-om[report]'`. Raises `OSError`, also for a path that is not a
    regular file. `now` is for tests.
    """
    text = await render_page(journal, now=now)
    await run_in_thread(partial(write_whole, Path(path), text))


async def render_page(journal: JournalReader, *, now: Callable[[], datetime] = wall_clock) -> str:
    """The page as text."""
    await run_in_thread(require_libraries)
    from klarna_om.batch.page.render import render

    view = await read_view(journal, now())
    return await run_in_thread(lambda: render(view))
