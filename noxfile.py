"""`nox` runs what CI runs; `nox -l` lists everything."""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|venv"  # uv installs the lock file in seconds, pip in minutes
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False  # the summary names the sessions that were skipped for want of one
nox.options.sessions = ["tests", "lint", "typing", "package", "audit", "floor", "readme", "docs", "mutants", "bench"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
PROJECT = PYPROJECT["project"]
TESTED = ("cli", "live", "postgres", "procrastinate", "redis", "report", "taskiq")
EVERY_EXTRA = tuple(PROJECT["optional-dependencies"])
EXTRAS = [need for extra in TESTED for need in PROJECT["optional-dependencies"][extra]]
PYTHONS = [*nox.project.python_versions(PYPROJECT), "3.14"]  # whose classifier comes once its session has passed
FLOORS = [need.replace(">=", "==") for need in (*PROJECT["dependencies"], *EXTRAS)]


def locked(session: nox.Session) -> None:
    """The very versions of the lock file, then the project itself."""
    session.install("-r", "requirements.lock")
    session.install("--no-deps", "-e", ".")


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite with branch coverage, which must be 100 %."""
    locked(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-n", "auto", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """The suite on each Python that is installed; the others are skipped, and named at the end."""
    locked(session)
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def newest(session: nox.Session) -> None:
    """The suite with the newest dependencies, whatever the lock file has."""
    needs = nox.project.dependency_groups(PYPROJECT, "tests")
    session.install("--upgrade", "-e", f".[{','.join(EVERY_EXTRA)}]", *needs)
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def floor(session: nox.Session) -> None:
    """The suite with the oldest dependencies that the project admits."""
    session.install("-e", f".[{','.join(TESTED)}]", *nox.project.dependency_groups(PYPROJECT, "floor"), *FLOORS)
    newer = ("tests/sandbox/test_conformance.py", "tests/otel", "tests/test_observability.py")
    session.run("pytest", "-q", "-n", "auto", *(f"--ignore={path}" for path in newer), *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Format and rules."""
    session.install("-r", "requirements.lock")
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")


@nox.session
def typing(session: nox.Session) -> None:
    """Types, strictly, by two checkers."""
    locked(session)
    session.run("mypy")
    session.run("pyright")


@nox.session
def readme(session: nox.Session) -> None:
    """The README's commands and code, as a newcomer types them."""
    locked(session)
    session.run("pytest", "-q", "tests/test_readme.py", env={"KLARNA_OM_README_COMMANDS": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site in build/site; each warning is an error, and a browser looks at every page."""
    locked(session)
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    session.run("sphinx-build", "-q", "-E", "-W", "--keep-going", "docs", "build/site")
    session.run("pytest", "-q", "tests/docs", "tests/site", env={"KLARNA_OM_SITE": "build/site"})


@nox.session
def picture(session: nox.Session) -> None:
    """The README's picture, drawn from what `klarna-om demo` prints now."""
    locked(session)
    session.run("python", "-m", "benchmarks.picture")


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks, quickly; `-- --full` takes the time that the published tables took."""
    locked(session)
    # niquests would put its own urllib3 in the place of the one that requests uses.
    apart = ("--no-binary", "urllib3-future")
    session.install(*apart, *nox.project.dependency_groups(PYPROJECT, "bench"), env={"URLLIB3_NO_OVERRIDE": "1"})
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """One classic mistake of each kind, made in a copy of the code: the tests must see it."""
    locked(session)
    session.run("pytest", "-q", "tests/proofs/test_mutants.py", env={"KLARNA_OM_PROOFS": "mutants"})


@nox.session
def kill(session: nox.Session) -> None:
    """Two hundred seeds of `kill -9`, suspensions and torn journals, for acknowledgements, captures and refunds."""
    locked(session)
    files = [f"tests/batch/test_{name}.py" for name in ("kill", "kill_money", "torn_journal")]
    session.run("pytest", "-q", "-n", "auto", *files, env={"KLARNA_OM_KILL_SEEDS": "200"})


@nox.session
def outbox(session: nox.Session) -> None:
    """Two hundred seeds of transactions, kills and crashes of PostgreSQL: each committed intent happens once."""
    locked(session)
    session.run("pytest", "-q", "tests/outbox/test_proof.py", env={"KLARNA_OM_OUTBOX_SEEDS": "200"})


@nox.session
def engine(session: nox.Session) -> None:
    """Two hundred seeds of `kill -9` of workers for each operation; workers frozen for 20 s, no database for 45 s."""
    locked(session)
    settings = {
        "KLARNA_OM_ENGINE_SEEDS": "200",
        "KLARNA_OM_ENGINE_LEASE": "20",
        "KLARNA_OM_ENGINE_OUTAGES": "2,20,45",
        "KLARNA_OM_ENGINE_ROWS": "1000000",
    }
    files = [f"tests/engines/test_{name}.py" for name in ("kill", "freeze", "work")]
    session.run(
        "pytest", "-q", "-n", "auto", *files, "tests/benchmarks/test_smoke.py", "-k", "not imports", env=settings
    )


@nox.session
def pace(session: nox.Session) -> None:
    """Up to eight processes of one merchant: 94.5 % of the limit, and hardly a 429. It needs the machine for itself."""
    locked(session)
    session.run("pytest", "-q", "tests/pace/test_processes.py", env={"KLARNA_OM_PACE_PROOF": "1"})


@nox.session
def proofs(session: nox.Session) -> None:
    """The long proofs: the state machine over thousands of steps, every mutant, the two paths over wide documents."""
    locked(session)
    session.run(
        "pytest",
        "-q",
        "--timeout",
        "0",
        "tests/proofs",
        "tests/workflows/test_any_order.py",
        env={"KLARNA_OM_PROOFS": "long"},
    )
    session.run("pytest", "-q", "--timeout", "0", "--hypothesis-profile=long", "tests/test_structuring_paths.py")


@nox.session
def package(session: nox.Session) -> None:
    """Wheel and sdist in build/dist, checked; the wheel runs the demo in an empty environment."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "package"))
    shutil.rmtree("build/dist", ignore_errors=True)
    build = ("python", "-m", "build", "--no-isolation", "--outdir")  # `readme` builds in isolation
    session.run(*build, "build/dist")  # the wheel is made from the sdist
    session.run(*build, "build/dist/repository", "--wheel")
    built = sorted(map(str, Path("build/dist").glob("klarna_om-*")))
    session.run("twine", "check", "--strict", *built)
    session.run("check-wheel-contents", *(path for path in built if path.endswith(".whl")))
    # Neither pyproject.toml's options nor conftest.py: they need all that the suite needs.
    alone = ("-c", os.devnull, "--rootdir", ".", "--noconftest", "-p", "no:cacheprovider")
    session.run("pytest", "-q", *alone, "tests/packaging/test_distribution.py", env={"KLARNA_OM_DIST": "build/dist"})


@nox.session
def audit(session: nox.Session) -> None:
    """Known vulnerabilities of what the lock file pins; skipped, and never passed, where nobody can be asked."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "audit"))
    report = Path("build/audit.json")
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    # OSV also has the advisories of PyPI, and answers for all of them without an index of packages.
    asked = (
        "--requirement",
        "requirements.lock",
        "--vulnerability-service",
        "osv",
        "--disable-pip",
        "--progress-spinner",
        "off",
    )
    session.run("pip-audit", *asked, "--format", "json", "--output", str(report), silent=True, success_codes=[0, 1])
    if not report.exists():
        session.skip("no advisory service answered: whether the lock has known vulnerabilities is not known")
    session.run("python", "-m", "tests.packaging.audit", str(report))


@nox.session
def api(session: nox.Session) -> None:
    """Take over a change of the public API into its snapshot, once CHANGELOG.md announces it."""
    locked(session)
    session.run("python", "-m", "tests.packaging.public_api")


@nox.session
def release(session: nox.Session) -> None:
    """Tag, version and change log agree, and all is committed; then what `package` does makes the files to publish."""
    session.install(".", "packaging")
    session.run("python", "-m", "tests.packaging.release")
    session.notify("package")


@nox.session
def lock(session: nox.Session) -> None:
    """Write a new lock file from pyproject.toml."""
    session.install("uv")
    session.run(
        "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11",
        *(f"--extra={extra}" for extra in (*TESTED, "speed")), "--group", "dev", "--generate-hashes",
        "--no-annotate", "--no-header", "--output-file", "requirements.lock", *session.posargs,
    )  # fmt: skip
