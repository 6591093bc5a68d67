"""The scenarios that were started: their orders, the clients' reports, and the verdicts."""

from typing import Any

from attrs import define, field, frozen

from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.sandbox_faults import SandboxFaults
from klarna_om.sandbox.sandbox_orders import SandboxOrders
from klarna_om.sandbox.scenarios.scenario import OUTCOMES, Evidence, Scenario
from klarna_om.sandbox.scenarios.table import SCENARIOS
from klarna_om.sandbox.scenarios.verdict import Finding, Verdict, judge

MAX_SECONDS = 600.0
"""The longest time that a fault of a scenario can take."""


class UnknownScenarioError(LookupError):
    """There is no such scenario, or it was not started."""


@define
class Run:
    """A scenario that was started."""

    scenario: Scenario
    order_id: str
    seconds: float
    reported: str | None = None


@frozen
class ScenarioRuns:
    """The latest run of each scenario."""

    orders: SandboxOrders
    faults: SandboxFaults
    handler: RequestHandler
    _runs: dict[str, Run] = field(factory=dict[str, Run], init=False)

    def start(self, name: str, seconds: float | None = None) -> Run:
        """Add its order and arm its fault; an earlier run of it is forgotten. `seconds` is how long the fault takes."""
        scenario = find_scenario(name)
        taken = _check_seconds(scenario, seconds)
        order_id = self.orders.order(**scenario.order).order_id or ""
        if scenario.failure is not None:
            failure: dict[str, Any] = dict(scenario.failure)
            if scenario.seconds:
                failure["seconds"] = taken
            self.faults.fail_next(**failure, operation=scenario.operation, order_id=order_id)
        run = self._runs[name] = Run(scenario, order_id, taken)
        return run

    def report(self, name: str, outcome: object) -> None:
        """Keep what the client under test says of its call."""
        if not isinstance(outcome, str) or outcome not in OUTCOMES:
            known = ", ".join(f"{each} ({meaning})" for each, meaning in OUTCOMES.items())
            raise ValueError(f"outcome {outcome!r}: it is one of {known}")
        self._run(name).reported = outcome

    def verdict(self, name: str) -> Verdict:
        """Judge what was seen up to now."""
        run = self._run(name)
        operation = run.scenario.operation
        path = run.scenario.path(run.order_id)
        with self.handler.lock:
            if self.handler.slow_answers[run.order_id]:
                return Verdict((Finding("its answers are given", "a slow answer is under way: ask again after it"),))
            evidence = Evidence(
                requests=tuple(
                    entry
                    for entry in self.handler.log.latest
                    if (entry.order_id, entry.operation) == (run.order_id, operation)
                ),
                effects=self.handler.ledger.effects.count(run.order_id, operation),
                reported=run.reported,
                seconds=run.seconds,
            )
        return judge(run.scenario, evidence, path)

    def is_started(self, name: str) -> bool:
        """Whether it has a run."""
        return name in self._runs

    def clear(self) -> None:
        """Forget all runs."""
        self._runs.clear()

    def _run(self, name: str) -> Run:
        find_scenario(name)
        if name not in self._runs:
            raise UnknownScenarioError(f"scenario {name} was not started: POST /_sandbox/scenarios/{name} does that")
        return self._runs[name]


def find_scenario(name: str) -> Scenario:
    """The scenario of this name."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"there is no scenario {name}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def _check_seconds(scenario: Scenario, seconds: float | None) -> float:
    if seconds is None:
        return scenario.seconds
    if not scenario.seconds:
        raise ValueError(f"scenario {scenario.name} has no fault that takes time: leave seconds out")
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"seconds={seconds:g}: it is more than 0 and at most {MAX_SECONDS:g}")
    return seconds
