"""All scenarios of the kit."""

from collections.abc import Mapping
from typing import Any

from klarna_om.sandbox.scenarios.checks import (
    ALL_HAVE_A_KEY,
    IMPATIENT,
    NOT_REPEATED,
    ONE_BODY_PER_KEY,
    ONE_KEY,
    WAITED,
    executed,
    repeated,
    reports,
)
from klarna_om.sandbox.scenarios.scenario import ALWAYS, DONE, REFUSED, UNKNOWN, Check, Scenario

CAPTURE, REFUND, ACKNOWLEDGE = "captures.create", "refunds.create", "orders.acknowledge"
SAME_REQUEST = (ALL_HAVE_A_KEY, ONE_KEY, ONE_BODY_PER_KEY)
ONCE = (executed(1), reports(DONE))


def _captures(*amounts: int, **fields: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple({"captured_amount": amount, **fields} for amount in amounts)


def _repeated_once_done(times: int = 1) -> tuple[Check, ...]:
    return (*SAME_REQUEST, repeated(times), *ONCE)


_TABLE = (
    Scenario(
        name="lost-answer",
        situation="the first capture is executed, and its connection is reset before the answer",
        task="capture, and come to know that it happened",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "reset-after"},
        checks=_repeated_once_done(),
        rules=("key-once", "key-repeat", "no-answer"),
    ),
    Scenario(
        name="cut-answer",
        situation="the first refund is executed, and its answer ends in the middle",
        task="refund, and come to know that it happened",
        operation=REFUND,
        bodies=({"refunded_amount": 400},),
        order={"order_amount": 1000, "captured_amount": 1000},
        failure={"times": 1, "fault": "cut"},
        checks=_repeated_once_done(),
        rules=("key-once", "key-repeat", "no-answer"),
    ),
    Scenario(
        name="error-after-effect",
        situation="the first capture is executed, and answered with 500",
        task="capture, and come to know that it happened",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "error-after"},
        checks=_repeated_once_done(),
        rules=("retry-5xx", "key-once", "key-repeat"),
    ),
    Scenario(
        name="outage",
        situation="the first two acknowledgements get 503, and are not executed",
        task="acknowledge the order",
        operation=ACKNOWLEDGE,
        failure={"times": 2, "status": 503},
        checks=_repeated_once_done(2),
        rules=("retry-5xx",),
    ),
    Scenario(
        name="slow-answer",
        situation="the first capture is executed and answered only after `seconds`, past the client's limit",
        task="set the client's time limit below `seconds`, capture, and come to know that it happened",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "slow", "seconds": 2.0},
        checks=(*SAME_REQUEST, IMPATIENT, *ONCE),
        rules=("key-once", "key-in-flight", "no-answer"),
    ),
    Scenario(
        name="rate-limit",
        situation="the first capture gets 429, and so does whatever is sent in the `seconds` after it",
        task="capture, and send nothing before the time that X-Ratelimit-Reset names",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "burst-429", "seconds": 1.0},
        checks=(*SAME_REQUEST, repeated(), WAITED, *ONCE),
        rules=("quota-429", "quota-headers"),
    ),
    Scenario(
        name="portal",
        situation="the first capture meets the sign-in page of a network, with the status 200",
        task="capture; the page is no success",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "portal-200"},
        checks=_repeated_once_done(),
        rules=("capture-201", "key-once"),
    ),
    Scenario(
        name="portal-stays",
        situation="every capture meets the sign-in page of a network, with the status 200",
        task="try to capture, give up at some time, and report what is known",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": ALWAYS, "fault": "portal-200"},
        is_report_needed=True,
        checks=(*SAME_REQUEST, executed(0), reports(UNKNOWN, is_needed=True)),
        rules=("capture-201", "no-answer"),
    ),
    Scenario(
        name="redirect",
        situation="every capture gets 302 to the order itself, where a GET has the status 200",
        task="try to capture, and report what is known; the order's 200 is no capture",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": ALWAYS, "fault": "redirect"},
        is_report_needed=True,
        checks=(*SAME_REQUEST, executed(0), reports(UNKNOWN, REFUSED, is_needed=True)),
        rules=("capture-201", "retry-4xx"),
    ),
    Scenario(
        name="refusal",
        situation="Klarna refuses the capture with 403 CAPTURE_NOT_ALLOWED: it is more than the order's amount",
        task="try to capture, and report what is known",
        operation=CAPTURE,
        bodies=_captures(2000),
        is_report_needed=True,
        checks=(ALL_HAVE_A_KEY, NOT_REPEATED, executed(0), reports(REFUSED, is_needed=True)),
        rules=("capture-amount", "retry-4xx"),
    ),
    Scenario(
        name="delivered-twice",
        situation="a proxy delivers the capture twice",
        task="capture",
        operation=CAPTURE,
        bodies=_captures(400),
        failure={"times": 1, "fault": "duplicated"},
        checks=(*SAME_REQUEST, *ONCE),
        rules=("key-once", "key-repeat", "no-key"),
    ),
    Scenario(
        name="same-intent-twice",
        situation="your own code calls twice for one parcel: a restart, a message that is delivered again",
        task="make the call twice, with a new client for the second; there must be one capture",
        operation=CAPTURE,
        bodies=_captures(400, 400, reference="parcel-1"),
        checks=(ALL_HAVE_A_KEY, ONE_BODY_PER_KEY, *ONCE),
        rules=("key-once", "key-repeat", "no-key"),
    ),
    Scenario(
        name="equal-captures",
        situation="two parcels of the same amount leave",
        task="make both captures; they are two",
        operation=CAPTURE,
        bodies=_captures(400, 400),
        checks=(ALL_HAVE_A_KEY, executed(2), reports(DONE)),
        rules=("no-key", "key-only"),
    ),
    Scenario(
        name="two-bodies",
        situation="two parcels of different amounts leave; Klarna answers a key that it knows with the first result",
        task="make both captures, each under a key of its own",
        operation=CAPTURE,
        bodies=_captures(400, 600),
        checks=(ALL_HAVE_A_KEY, ONE_BODY_PER_KEY, executed(2), reports(DONE)),
        rules=("key-only", "key-repeat"),
    ),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _TABLE}
"""By name."""
