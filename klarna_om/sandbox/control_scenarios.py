"""The control endpoints of the conformance kit: starting a scenario, the client's report, and the verdict."""

from typing import Any

from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.control_endpoint import ROOT, Endpoint, UnknownNameError, json_response, read_object
from klarna_om.sandbox.rules.table import RULES_BY_NAME
from klarna_om.sandbox.scenarios.runs import Run, ScenarioRuns, UnknownScenarioError
from klarna_om.sandbox.scenarios.scenario import Scenario
from klarna_om.sandbox.scenarios.table import SCENARIOS


@frozen
class ControlScenarios:
    """Scenarios over HTTP."""

    runs: ScenarioRuns

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Their rows."""
        start = "starts it: adds its order, arms its fault, and answers with the calls to make"
        report = "what your client says of its calls: `done`, `refused`, `not_sent` or `unknown`"
        return (
            Endpoint("GET", "/scenarios", "the scenarios, and the verdicts of those that were started", self.list),
            Endpoint("POST", "/scenarios/{name}", start, self.start, '{"seconds": 3}'),
            Endpoint("POST", "/scenarios/{name}/report", report, self.report, '{"outcome": "done"}'),
            Endpoint("GET", "/scenarios/{name}/verdict", "passed or failed, with the reasons", self.get_verdict),
        )

    async def list(self, _: web.Request) -> web.Response:
        """All scenarios."""
        return json_response([self._summary(scenario) for scenario in SCENARIOS.values()])

    async def start(self, request: web.Request) -> web.Response:
        """Start one."""
        given = await read_object(request, "a scenario's setting")
        seconds = given.pop("seconds", None)
        if given:
            raise ValueError(f"a scenario has no setting {next(iter(given))}; there is seconds")
        if seconds is not None and type(seconds) not in (int, float):
            raise ValueError(f"seconds={seconds!r} is not a number")
        try:
            run = self.runs.start(request.match_info["name"], seconds)
        except UnknownScenarioError as error:
            raise UnknownNameError(str(error)) from None
        return json_response(_task(run, f"http://{request.host}"), status=201)

    async def report(self, request: web.Request) -> web.Response:
        """Take the client's report."""
        outcome = (await read_object(request, "a report")).get("outcome")
        try:
            self.runs.report(request.match_info["name"], outcome)
        except UnknownScenarioError as error:
            raise UnknownNameError(str(error)) from None
        return json_response({"outcome": outcome})

    async def get_verdict(self, request: web.Request) -> web.Response:
        """Judge one."""
        name = request.match_info["name"]
        try:
            verdict = self.runs.verdict(name)
        except UnknownScenarioError as error:
            raise UnknownNameError(str(error)) from None
        return json_response({"scenario": name, **verdict.to_dict()})

    def _summary(self, scenario: Scenario) -> dict[str, Any]:
        started = self.runs.is_started(scenario.name)
        return {
            "name": scenario.name,
            "situation": scenario.situation,
            "task": scenario.task,
            "checks": [check.rule for check in scenario.checks],
            "is_report_needed": scenario.is_report_needed,
            "rules": [RULES_BY_NAME[name].to_dict() for name in scenario.rules],
            "verdict": self.runs.verdict(scenario.name).to_dict()["verdict"] if started else "not started",
        }


def _task(run: Run, origin: str) -> dict[str, Any]:
    """What the client has to do, with every URL spelled out."""
    scenario, here = run.scenario, f"{origin}{ROOT}/scenarios/{run.scenario.name}"
    url = origin + scenario.path(run.order_id)
    return {
        "scenario": scenario.name,
        "order_id": run.order_id,
        "situation": scenario.situation,
        "task": scenario.task,
        "seconds": run.seconds or None,
        "calls": [
            {"operation": scenario.operation, "method": scenario.method, "url": url, "body": body or None}
            for body in scenario.bodies
        ],
        "is_report_needed": scenario.is_report_needed,
        "report": f"{here}/report",
        "verdict": f"{here}/verdict",
    }
