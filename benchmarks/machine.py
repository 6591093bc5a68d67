"""On what the numbers were taken, and how processes are kept apart on its cores."""

import contextlib
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

CLIENT_CORE, SERVER_CORE = 0, 1

PACKAGES = (
    "klarna-om", "aiohttp", "yarl", "attrs", "cattrs", "msgspec", "tenacity", "httpx", "requests", "niquests",
    "pydantic", "mashumaro", "orjson", "aiolimiter", "openapi-python-client", "openapi-generator-cli", "aiohttp-retry",
    "uvloop",
)  # fmt: skip


def describe() -> str:
    """The machine, the date and the versions in a few lines."""
    return "\n".join(
        [
            f"- machine: {_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
            f"- Python {platform.python_version()} ({platform.python_implementation()}), asyncio's own event loop",
            f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {_load()}",
            f"- {', '.join(_versions())}",
        ]
    )


def version(package: str) -> str | None:
    """The installed version of a package, None where it is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def pin(core: int) -> None:
    """Keep this process on one core, where the system can do that and has it."""
    if sys.platform == "linux" and core in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def pin_for_block(core: int) -> Iterator[None]:
    """Keep this process on one core for a while."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def resident_bytes(pid: int) -> int:
    """The memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _load() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _versions() -> Sequence[str]:
    return [f"{package} {found}" for package in PACKAGES if (found := version(package))]
