"""The files for Docker and Kubernetes name commands, options, variables and ports that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from klarna_om.cli.group import group
from klarna_om.cli.health import PROBE_TIMEOUT

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/many_machines"
PAGE = (ROOT / "docs/many-machines.md").read_text("utf-8")

COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
CONFIG, DEPLOYMENT = yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8"))
POD: dict[str, Any] = DEPLOYMENT["spec"]["template"]["spec"]
WORKER: dict[str, Any] = POD["containers"][0]

OF_THE_CLIENT = {"ENVIRONMENT", "USERNAME", "PASSWORD", "API_KEY", "PACE", "MERCHANTS"}
"""Variables that no option has; `tests/test_environment.py` and others show that they count."""


def options_of(*names: str) -> Iterator[click.Option]:
    for name in names:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield from (option for option in command.params if isinstance(option, click.Option))


def variables_of(*names: str) -> set[str]:
    return {str(option.envvar) for option in options_of(*names) if option.envvar}


KNOWN = variables_of("worker", "submit") | {f"KLARNA_OM_{name}" for name in OF_THE_CLIENT}


def parse(arguments: list[str]) -> click.Context:
    """Parse a command line as the program does, without running it."""
    name, *more = arguments
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"{name}: no such command"
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), more.pop(0)) or pytest.fail(f"{arguments}: no command")
    return command.make_context(name, more)


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in service["environment"].items()}


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


@pytest.fixture(params=["tables", "worker", "submit"])
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A service of the compose file that runs klarna-om."""
    found: dict[str, Any] = COMPOSE["services"][request.param]
    return found


def test_each_service_runs_a_command_that_exists(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)

    assert parse(service["command"]).params["dsn"] == "postgresql://klarna@db/klarna"


def test_each_variable_of_a_service_exists(service: dict[str, Any]) -> None:
    assert set(environment_of(service)) - {"PGPASSWORD"} <= KNOWN


def test_each_service_is_built_from_the_dockerfile(service: dict[str, Any]) -> None:
    build = service["build"]

    assert FOLDER / build["context"] / build["dockerfile"] == FOLDER / "../.." / "examples/many_machines/Dockerfile"
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


def test_what_a_service_waits_for_exists() -> None:
    services = COMPOSE["services"]

    for known in services.values():
        for other, wait in known.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[other]
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert services[other]["command"] == ["db", "init"]


def test_the_dockerfile_copies_what_exists_and_starts_the_command() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE) for name in line.split()[:-1]]
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)
    (command,) = re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)
    (extras,) = re.findall(r"/src\[([a-z,]+)\]", dockerfile)

    assert all((ROOT / name).exists() for name in copied)
    assert json.loads(entry) == ["klarna-om"]
    assert parse([*json.loads(command), "--dsn", "postgresql://"]).params["dsn"] == "postgresql://"
    assert all(re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.M) for extra in extras.split(","))


def test_the_pods_commands_and_variables_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    first_line = (FOLDER / "kubernetes.yaml").read_text("utf-8").split("apiVersion")[0]
    secrets = set(re.findall(r"--from-literal=([A-Z_]+)", first_line))
    for name, value in CONFIG["data"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KLARNA_OM_DSN", "postgresql://")

    assert set(CONFIG["data"]) | secrets <= KNOWN
    assert secrets == {"KLARNA_OM_USERNAME", "KLARNA_OM_PASSWORD", "KLARNA_OM_DSN", "KLARNA_OM_PACE"}
    assert parse(POD["initContainers"][0]["args"]).params["dsn"] == "postgresql://"
    assert parse(WORKER["args"]).params["grace"] == 25.0


def test_the_probes_ask_what_the_worker_serves() -> None:
    (port,) = WORKER["ports"]
    probes = [WORKER["livenessProbe"], WORKER["readinessProbe"]]

    assert str(port["containerPort"]) == CONFIG["data"]["KLARNA_OM_HEALTH_PORT"]
    assert [probe["httpGet"] for probe in probes] == [
        {"path": "/healthz", "port": port["name"]},
        {"path": "/readyz", "port": port["name"]},
    ]
    assert all(probe["timeoutSeconds"] > PROBE_TIMEOUT for probe in probes)


def test_compose_and_kubernetes_wait_longer_than_the_grace() -> None:
    (grace,) = [float(str(option.default)) for option in options_of("worker") if option.name == "grace"]

    assert float(CONFIG["data"]["KLARNA_OM_GRACE"]) + 20 == POD["terminationGracePeriodSeconds"]
    assert grace + 20 == seconds(COMPOSE["services"]["worker"]["stop_grace_period"])


def test_the_page_has_each_variable() -> None:
    documented = set(re.findall(r"^\| `(KLARNA_OM_[A-Z_]+)`", PAGE, re.MULTILINE))

    assert documented == KNOWN - {"KLARNA_OM_MERCHANTS"}


def test_the_page_names_the_option_of_each_variable() -> None:
    for option in options_of("worker"):
        if option.envvar:
            (row,) = re.findall(rf"^\| `{option.envvar}`.*$", PAGE, re.MULTILINE)
            assert f"`{option.opts[0]}`" in row
