"""How long does `import klarna_om` take?

How to read it: CPU inside a fresh interpreter, from before the import to after it, so that Python's own start is not
in it. All modules are compiled before, as an installer leaves them. Names are loaded when they are first asked for, so
the second and third row are what a program pays that uses the client: with the client's class, and with a client that
is ready to send.
What would falsify it: `import klarna_om` above 1.15 x `import aiohttp`, or with the class of the client above 1.30 x.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial

from benchmarks.machine import CLIENT_CORE, pin_for_block, version
from benchmarks.measuring import CallTime, Series, in_turns
from benchmarks.server import ROOT
from benchmarks.tables import Table, aims_table, at_most

BASELINE = "import aiohttp"
LAZY, CLIENT = "import klarna_om", "from klarna_om import KlarnaClient"
READY = "from klarna_om import KlarnaClient; KlarnaClient('eu', api_key='k')"

STATEMENTS: Mapping[str, str | None] = {
    BASELINE: None,
    LAZY: None,
    CLIENT: None,
    READY: None,
    "import klarna_om.batch": None,
    "import httpx": "httpx",
    "import niquests": "niquests",
    "import requests": "requests",
    "import pydantic; pydantic.BaseModel": "pydantic",
}
"""What is timed, and the package that it needs."""


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    series = measure(31 if full else 5)
    base = series[BASELINE]
    rows = [(f"`{name}`", f"{one.cpu * 1e3:.1f} ms", f"{one.ratio_to(base):.2f} x") for name, one in series.items()]
    aims = [
        at_most("`import klarna_om` beside `import aiohttp`", series[LAZY].ratio_to(base), 1.15),
        at_most("with the class of the client", series[CLIENT].ratio_to(base), 1.30),
    ]
    return [Table("CPU of an import in a fresh interpreter", ("", "CPU", "ratio"), rows), aims_table(aims)]


def measure(rounds: int, statements: Mapping[str, str | None] = STATEMENTS) -> dict[str, Series]:
    """Time each statement whose package is installed."""
    with tempfile.TemporaryDirectory() as compiled, pin_for_block(CLIENT_CORE):
        runs = {
            name: partial(time_statement, name, compiled)
            for name, package in statements.items()
            if package is None or version(package) is not None
        }
        for run in runs.values():
            run()  # compiled and in the file cache
        return in_turns(runs, rounds)


def time_statement(statement: str, compiled: str) -> CallTime:
    """The CPU of a statement in a new interpreter, which keeps compiled modules in the directory `compiled`."""
    # Where no bytecode may be written, every run would compile this project and no installed package.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = compiled
    code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=env)
    return CallTime(float(done.stdout), float(done.stdout))


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("importing")
