"""Mistakes in a capture or refund that must happen once per reference."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Rewrite

REFERENCES = "tests/workflows/test_references.py::"

MUTANTS = (
    mistake(
        "a workflow returns an id without comparing the amount",
        "workflows/intent.py",
        Rewrite("Intent.confirm", "if A.amount != B:\n    raise C", "pass"),
        caught_by=f"{REFERENCES}test_an_answer_for_another_amount_is_not_returned",
        of_each_kind=True,
    ),
    mistake(
        "a workflow finds its reference under any amount",
        "workflows/intent.py",
        Rewrite("Intent.find_match", "A.amount == B", "True"),
        caught_by=f"{REFERENCES}test_a_reference_with_another_amount_is_reported_before_writing",
    ),
)
