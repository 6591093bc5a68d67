"""What can go wrong on the way to Klarna and back, as data: which faults, and how often.

Whether the n-th time that a request comes meets a fault depends on the seed, the operation, the path, the
body and n; not on the order in which requests arrive. So a run with a hundred calls in flight meets the same
faults as the same run with one. (The key is left out on purpose: random keys differ from run to run.) Only
`burst-429` reaches further, since Klarna's quota does: once drawn, everybody hears 429 until it is over.

After `in_a_row` faults for one request the next try is spared, so a client that repeats gets through.
"""

from collections.abc import Mapping
from hashlib import blake2b

from attrs import evolve, field, frozen

KINDS: Mapping[str, str] = {
    "error-before": "503 TEMPORARILY_UNAVAILABLE, nothing done",
    "error-after": "done, but answered 500 INTERNAL_SERVER_ERROR",
    "hang": "no answer, nothing done",
    "hang-after": "done, but never answered",
    "reset-before": "connection reset, nothing done",
    "reset-after": "done, then connection reset",
    "cut": "done, and the answer breaks off: in its body, or in its head where it has none",
    "slow": "done and answered after so many seconds (slow=0.05:2; 1 second unless told)",
    "burst-429": "429 to everybody until the second ends, or for so many seconds (burst-429=0.01:3)",
    "html-200": "done, but answered 200 with a web page",
    "html-502": "502 with a web page, nothing done",
    "redirect": "302 to the order's own address, nothing done",
}
"""Every fault, and what it does."""

AFTER = frozenset({"error-after", "hang-after", "reset-after", "cut", "html-200"})
"""Faults that strike when the effect has happened."""

SECONDS: Mapping[str, float] = {"slow": 1.0}
"""How long a fault takes unless told."""


@frozen
class Fault:
    """One thing that goes wrong with one request."""

    kind: str
    """One of `KINDS`, or `status` for an error of any status before the effect."""
    seconds: float = 0.0
    status: int = 0
    headers: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class Chance:
    """How often a fault comes up: `share` of the requests."""

    fault: Fault
    share: float


@frozen
class FaultPlan:
    """Which faults to expect, and how often: `FaultPlan.parse("error-before=0.05,reset-after=0.02")`."""

    chances: tuple[Chance, ...] = ()
    in_a_row: int = 2
    """So many faults one request meets at most before a try of it is spared."""

    @classmethod
    def parse(cls, text: str) -> "FaultPlan":
        """Read the name of one of `PLANS`, or parts: `fault=share`, `fault=share:seconds`, `in-a-row=n`.

        Raises `ValueError` with the list of what is known.
        """
        text = text.strip()
        if text in PLANS:
            return PLANS[text]
        plan = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            plan = plan._with(part)
        if sum(chance.share for chance in plan.chances) > 1:
            raise ValueError(f"fault plan {text!r}: the shares add up to more than 1")
        return plan

    def _with(self, part: str) -> "FaultPlan":
        name, _, value = part.partition("=")
        share, _, seconds = value.partition(":")
        try:
            if name == "in-a-row":
                return evolve(self, in_a_row=int(value))
            fault = Fault(name, _at_least_0(seconds) if seconds else SECONDS.get(name, 0.0))
            chance = Chance(fault, _at_least_0(share))
        except ValueError:
            raise ValueError(f"fault plan: {part!r} is not of the form fault=share or fault=share:seconds") from None
        if name not in KINDS:
            raise ValueError(f"fault plan: no fault {name!r}; known are {known()}")
        return evolve(self, chances=(*self.chances, chance))


def known() -> str:
    """What a plan may be made of, for people."""
    faults = "; ".join(f"{kind} ({does})" for kind, does in KINDS.items())
    return f"the plans {', '.join(PLANS)}; the faults {faults}"


def _at_least_0(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


PLANS: dict[str, FaultPlan] = {"none": FaultPlan()}
PLANS["demo"] = FaultPlan.parse(
    "error-before=0.05,error-after=0.05,reset-before=0.01,reset-after=0.02,cut=0.01,slow=0.05:0.2,burst-429=0.001"
)
"""A bad day at Klarna: about one request in five meets something, and half of that after the effect."""
PLANS["rough"] = FaultPlan.parse(
    "error-before=0.1,error-after=0.1,hang=0.005,hang-after=0.005,reset-before=0.05,reset-after=0.05,cut=0.05,"
    "slow=0.05:0.2,burst-429=0.002,html-200=0.01,html-502=0.03,redirect=0.005,in-a-row=4"
)
"""Everything at once. With hangs and redirects some calls end in doubt: it is for testing recovery."""


class Planned:
    """A plan at work: it remembers how often each request has come, and how many faults it just met."""

    def __init__(self, plan: FaultPlan, seed: int) -> None:
        self.plan = plan
        self._seed = seed.to_bytes(16, signed=True)
        self._met: dict[bytes, tuple[int, int]] = {}

    def next(self, operation: str, path: str, body: bytes) -> Fault | None:
        """What goes wrong with this request this time."""
        if not self.plan.chances:
            return None
        request = blake2b(b"%b %b %b" % (operation.encode(), path.encode(), body), digest_size=12).digest()
        times, row = self._met.get(request, (0, 0))
        fault = self._drawn(request, times) if row < self.plan.in_a_row else None
        self._met[request] = times + 1, row + 1 if fault else 0
        return fault

    def _drawn(self, request: bytes, times: int) -> Fault | None:
        chance = blake2b(b"%b/%d" % (request, times), key=self._seed, digest_size=8).digest()
        lot = int.from_bytes(chance) / 2**64
        for each in self.plan.chances:
            lot -= each.share
            if lot < 0:
                return each.fault
        return None
