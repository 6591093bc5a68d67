"""A scenario's verdict: every check on what was seen."""

from typing import Any

from attrs import frozen

from klarna_om.sandbox.scenarios.scenario import Evidence, Scenario


@frozen
class Finding:
    """One check and its result."""

    rule: str
    reason: str
    """Why it failed; empty where it did not."""


@frozen
class Verdict:
    """All findings of one run."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        """Why it did not pass."""
        return [finding.reason for finding in self.findings if finding.reason]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "verdict": "passed" if self.passed else "failed",
            "reasons": self.reasons,
            "checks": [{"rule": each.rule, "passed": not each.reason} for each in self.findings],
        }


def judge(scenario: Scenario, evidence: Evidence, path: str) -> Verdict:
    """Apply the scenario's checks; without a request only that is said."""
    if not evidence.requests:
        reason = f"no {scenario.method} {path} has arrived: let the client make the call"
        return Verdict((Finding("the call is made", reason),))
    return Verdict(tuple(Finding(check.rule, check.find(evidence)) for check in scenario.checks))
