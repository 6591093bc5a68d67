"""One rule of the sandbox."""

from collections.abc import Callable

from attrs import frozen

from klarna_om.sandbox.rules.sources import Source


@frozen
class Rule:
    """One rule."""

    name: str
    text: str
    source: Source
    proof: str
    """The test that shows it, below `tests/`."""

    def to_dict(self) -> dict[str, str]:
        """As JSON, without the proof, which is in the repository."""
        source = {"source": self.source.title, "url": self.source.url} if self.source.url else {}
        return {"name": self.name, "rule": self.text, "basis": self.source.basis, **source}


def shown_by(test_file: str) -> Callable[[str, str, Source, str], Rule]:
    """Rules whose tests are in this file: name, text, source and the test's name without `test_`."""
    return lambda name, text, source, test: Rule(name, text, source, f"{test_file}::test_{test}")
