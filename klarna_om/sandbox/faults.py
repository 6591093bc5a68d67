"""Injected faults as data: which faults, and how often.

Whether the n-th arrival of a request meets a fault depends on the seed, the operation, the path, the body and
n; not on the order in which requests arrive. So a run with a hundred concurrent calls meets the same faults
as the same run with one. (The idempotency key is left out on purpose: random keys differ between runs.) Only
`burst-429` affects other requests, as Klarna's quota does: every request gets 429 until it is over.

After `in_a_row` faults for one request its next attempt has none, so a client that retries succeeds.
"""

from collections.abc import Mapping
from hashlib import blake2b

from attrs import evolve, field, frozen

from klarna_om.sandbox.gateway_pages import GATEWAY_PAGES

KINDS: Mapping[str, str] = {
    "error-before": "503 TEMPORARILY_UNAVAILABLE, not executed",
    "error-after": "executed, but answered with 500 INTERNAL_SERVER_ERROR",
    "hang": "no response, not executed",
    "hang-after": "executed, but never answered",
    "reset-before": "connection reset, not executed",
    "reset-after": "executed, then connection reset",
    "cut": "executed, and the response is truncated: in its body, or in its headers where it has no body",
    "slow": "executed and answered after a number of seconds (slow=0.05:2; default 1)",
    "burst-429": "429 for every request until the second ends, or for a number of seconds (burst-429=0.01:3)",
    "html-200": "executed, but answered with 200 and an HTML page",
    "html-502": "502 with an HTML page, not executed",
    "redirect": "302 to the order's own address, not executed",
    "duplicated": "delivered twice, as by a proxy that repeats a request; the answer is the second one's",
    "unsigned": "executed and answered, but without the Klarna-Correlation-Id",
    **{name: f"{page.description}, not executed" for name, page in GATEWAY_PAGES.items()},
}
"""Every fault, and what it does."""

AFTER_EFFECT = frozenset({"error-after", "hang-after", "reset-after", "cut", "html-200", "duplicated", "unsigned"})
"""Faults that happen when the request has been executed."""

DEFAULT_SECONDS: Mapping[str, float] = {"slow": 1.0}
"""How long a fault takes by default."""


@frozen
class Fault:
    """One fault of one request."""

    kind: str
    """One of `KINDS`, or `status` for an error of any status without an effect."""
    seconds: float = 0.0
    status: int = 0
    headers: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class FaultRate:
    """How often a fault happens: for this `share` of the requests."""

    fault: Fault
    share: float


@frozen
class FaultPlan:
    """Which faults happen, and how often: `FaultPlan.parse("error-before=0.05,reset-after=0.02")`."""

    rates: tuple[FaultRate, ...] = ()
    in_a_row: int = 2
    """The most faults that one request meets before an attempt without one."""

    @classmethod
    def parse(cls, text: str) -> "FaultPlan":
        """Read the name of one of `PLANS`, or parts: `fault=share`, `fault=share:seconds`, `in-a-row=n`.

        Raises `ValueError` with a list of all plans and faults.
        """
        text = text.strip()
        if text in PLANS:
            return PLANS[text]
        plan = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            plan = plan._with(part)
        if sum(rate.share for rate in plan.rates) > 1:
            raise ValueError(f"fault plan {text!r}: the shares add up to more than 1")
        return plan

    def _with(self, part: str) -> "FaultPlan":
        name, _, value = part.partition("=")
        share, _, seconds = value.partition(":")
        try:
            if name == "in-a-row":
                return evolve(self, in_a_row=int(value))
            fault = Fault(name, _parse_non_negative(seconds) if seconds else DEFAULT_SECONDS.get(name, 0.0))
            rate = FaultRate(fault, _parse_non_negative(share))
        except ValueError:
            raise ValueError(
                f"fault plan: {part!r} is not of the form fault=share or fault=share:seconds, nor one of the plans"
                f" {', '.join(PLANS)}; the faults are {describe_faults()}"
            ) from None
        if name not in KINDS:
            raise ValueError(f"fault plan: no fault {name!r}; available are {describe_faults()}")
        return evolve(self, rates=(*self.rates, rate))


def describe_faults() -> str:
    """All plans and faults, for error messages."""
    faults = "; ".join(f"{kind} ({effect})" for kind, effect in KINDS.items())
    return f"the plans {', '.join(PLANS)}; the faults {faults}"


def _parse_non_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


PLANS: dict[str, FaultPlan] = {"none": FaultPlan()}
PLANS["demo"] = FaultPlan.parse(
    "error-before=0.05,error-after=0.05,reset-before=0.01,reset-after=0.02,cut=0.01,slow=0.05:0.2,burst-429=0.001"
)
"""About one request in five meets a fault, and half of those after the effect."""
PLANS["rough"] = FaultPlan.parse(
    "error-before=0.1,error-after=0.1,hang=0.005,hang-after=0.005,reset-before=0.05,reset-after=0.05,cut=0.05,"
    "slow=0.05:0.2,burst-429=0.002,html-200=0.01,html-502=0.03,redirect=0.005,in-a-row=4"
)
"""Every kind of fault on the way to Klarna. With hangs and redirects some calls end as UNKNOWN: it is for testing
recovery."""
PLANS["gateways"] = FaultPlan.parse(",".join(f"{name}=0.03" for name in (*GATEWAY_PAGES, "html-502", "unsigned")))
"""Answers of somebody else than Klarna."""


class FaultInjector:
    """Applies a plan: it counts the arrivals of each request, and its latest faults in a row."""

    def __init__(self, plan: FaultPlan, seed: int) -> None:
        self.plan = plan
        self._seed = seed.to_bytes(16, signed=True)
        self._counts: dict[bytes, tuple[int, int]] = {}

    def next(self, operation: str, path: str, body: bytes) -> Fault | None:
        """The fault of this request this time, if there is one."""
        if not self.plan.rates:
            return None
        request = blake2b(b"%b %b %b" % (operation.encode(), path.encode(), body), digest_size=12).digest()
        arrivals, in_a_row = self._counts.get(request, (0, 0))
        fault = self._draw(request, arrivals) if in_a_row < self.plan.in_a_row else None
        self._counts[request] = arrivals + 1, in_a_row + 1 if fault else 0
        return fault

    def _draw(self, request: bytes, arrivals: int) -> Fault | None:
        digest = blake2b(b"%b/%d" % (request, arrivals), key=self._seed, digest_size=8).digest()
        number = int.from_bytes(digest) / 2**64
        for rate in self.plan.rates:
            number -= rate.share
            if number < 0:
                return rate.fault
        return None
