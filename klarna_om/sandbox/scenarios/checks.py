"""What a verdict looks at. Each check returns why it fails, with the request that shows it."""

from itertools import pairwise
from math import ceil

from klarna_om.sandbox.request_log import LoggedRequest
from klarna_om.sandbox.scenarios.scenario import OUTCOMES, Check, Evidence

CLOCK_TOLERANCE = 0.05
"""Seconds by which two clocks of one machine may differ over such a wait."""


def _find_missing_key(evidence: Evidence) -> str:
    for number, request in enumerate(evidence.requests, 1):
        if not request.key:
            return f"request {number} has no Klarna-Idempotency-Key: send one with every POST and PATCH"
    return ""


def _find_other_key(evidence: Evidence) -> str:
    for number, (before, request) in enumerate(pairwise(evidence.requests), 2):
        if request.key != before.key:
            return (
                f"request {number} has the key {request.key}, the one before it {before.key}: make the key once for"
                " the call, outside the retries"
            )
    return ""


def _find_key_of_two_requests(evidence: Evidence) -> str:
    first: dict[str, LoggedRequest] = {}
    for number, request in enumerate(evidence.requests, 1):
        known = first.setdefault(request.key or "", request)
        if request.key and (known.body_digest, known.path) != (request.body_digest, request.path):
            return (
                f"request {number} has another body than an earlier one with the key {request.key}: Klarna looks at"
                " nothing but the key, and drops the second body"
            )
    return ""


def _find_early_request(evidence: Evidence) -> str:
    limited = next((each for each in evidence.requests if each.status == 429), None)
    if limited is None:
        return "no request met the 429"
    named = ceil(evidence.seconds)  # as the header has it
    for number, request in enumerate(evidence.requests, 1):
        waited = request.time - limited.time
        if request is not limited and 0 <= waited < named - CLOCK_TOLERANCE:
            return f"request {number} came {waited:.2f} s after the 429, whose X-Ratelimit-Reset said {named}"
    return ""


ALL_HAVE_A_KEY = Check("every request has a Klarna-Idempotency-Key", _find_missing_key)
ONE_KEY = Check("every request of the call has the same key", _find_other_key)
ONE_BODY_PER_KEY = Check("no key stands for two different requests", _find_key_of_two_requests)
WAITED = Check("nothing is sent before the time that the 429 named", _find_early_request)


def repeated(times: int = 1) -> Check:
    """The call was repeated at least this often."""

    def find(evidence: Evidence) -> str:
        if len(evidence.requests) > times:
            return ""
        last = evidence.requests[-1]
        answer = "no answer" if last.status is None else f"a {last.status}"
        return f"nothing came after request {len(evidence.requests)}, which got {answer}: repeat it under its key"

    return Check(f"the call is repeated{'' if times == 1 else f' at least {times} times'}", find)


def _find_repeat(evidence: Evidence) -> str:
    if len(evidence.requests) == 1:
        return ""
    return f"{len(evidence.requests)} requests arrived: a definite refusal is not repeated"


def _find_patience(evidence: Evidence) -> str:
    if evidence.requests[0].fault and len(evidence.requests) == 1:
        return (
            f"the client waited for the answer: set its time limit below {evidence.seconds:g} s, or `seconds` above it"
        )
    return ""


IMPATIENT = Check("the client's time limit ends before the answer", _find_patience)
NOT_REPEATED = Check("the call is not repeated", _find_repeat)


def executed(times: int) -> Check:
    """The operation had exactly this number of effects."""

    def find(evidence: Evidence) -> str:
        if evidence.effects == times:
            return ""
        if not evidence.effects:
            return "it was not executed"
        return f"it was executed {_times(evidence.effects)}, not {_times(times)}"

    return Check(f"it is executed exactly {_times(times)}" if times else "it is not executed", find)


def reports(*outcomes: str, is_needed: bool = False) -> Check:
    """Where the client reports an outcome, it is one of these."""
    wanted = " or ".join(f"`{outcome}`" for outcome in outcomes)

    def find(evidence: Evidence) -> str:
        if evidence.reported is None:
            return f"the client's report is missing: POST it to the scenario's /report, {wanted}" if is_needed else ""
        if evidence.reported in outcomes:
            return ""
        return f"the client reported `{evidence.reported}` ({OUTCOMES[evidence.reported]}); true is {wanted}"

    return Check(f"it is reported as {wanted}", find)


def _times(number: int) -> str:
    return {0: "never", 1: "once"}.get(number, f"{number} times")
