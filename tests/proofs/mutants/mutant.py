"""A mistake, and the test that must fail for it."""

from attrs import frozen

from tests.proofs.rewrite import Change

CUTS = "tests/proofs/test_cut_points.py::"
MACHINE = "tests/proofs/test_machine.py::TestMachine::runTest"


@frozen
class Mutant:
    """A mistake: what is changed in `klarna_om/<file>`. `caught_by` must fail, and run no test that does not."""

    name: str
    file: str
    changes: tuple[Change, ...]
    caught_by: str
    of_each_kind: bool = False
    """One of its kind; the others are made with `KLARNA_OM_PROOFS=long` only."""


def mistake(name: str, file: str, *changes: Change, caught_by: str, of_each_kind: bool = False) -> Mutant:
    """A mutant, with its changes in line."""
    return Mutant(name, file, changes, caught_by, of_each_kind)
