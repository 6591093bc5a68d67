"""Faults that a test asks for by name: the next so many requests meet them, before any plan is asked."""

from collections.abc import Mapping

from attrs import define

from klarna_om.sandbox.faults import KINDS, SECONDS, Fault, known

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@define
class _Scene:
    left: int
    fault: Fault
    operation: str | None
    order_id: str | None


class Script:
    """A queue of scenes; a request takes the first that fits it."""

    def __init__(self) -> None:
        self._scenes: list[_Scene] = []

    def add(self, times: int, fault: Fault, operation: str | None, order_id: str | None) -> None:
        """Let the next `times` requests that fit meet this fault."""
        if times < 1:
            raise ValueError(f"times={times}: at least one request must fail")
        self._scenes.append(_Scene(times, fault, operation, order_id))

    def next(self, operation: str, order_id: str) -> Fault | None:
        """What the script has for this request."""
        for scene in self._scenes:
            if scene.operation in (None, operation) and scene.order_id in (None, order_id):
                return self._played(scene)
        return None

    def _played(self, scene: _Scene) -> Fault:
        scene.left -= 1
        if scene.left <= 0:
            self._scenes.remove(scene)
        return scene.fault


def scripted(status: int | None, fault: str | None, seconds: float | None, headers: Mapping[str, str] | None) -> Fault:
    """The fault that `fail_next` describes: a status or the name of a fault, not both."""
    if status is not None and fault is None:
        return _of_status(status, headers or {})
    if fault is not None and status is None:
        return _named(fault, seconds, headers or {})
    raise ValueError("say what fails: either status= or fault=")


def _of_status(status: int, headers: Mapping[str, str]) -> Fault:
    if status not in REDIRECTS and not 400 <= status < 600:
        raise ValueError(f"status={status}: a failure is 400 to 599, or a redirect ({sorted(REDIRECTS)})")
    return Fault("status", status=status, headers=headers)


def _named(fault: str, seconds: float | None, headers: Mapping[str, str]) -> Fault:
    if fault not in KINDS:
        raise ValueError(f"no fault {fault!r}; known are {known()}")
    return Fault(fault, SECONDS.get(fault, 0.0) if seconds is None else seconds, headers=headers)
