"""Mistakes with what is wanted once, by the shop's reference."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Rewrite

REFERENCES = "tests/workflows/test_references.py::"

MUTANTS = (
    mistake(
        "an intent returns an id without comparing the amount",
        "workflows/intent.py",
        Rewrite("Intent.confirm", "if A.amount != B:\n    raise C", "pass"),
        caught_by=f"{REFERENCES}test_an_answer_for_another_amount_is_not_returned",
        of_each_kind=True,
    ),
    mistake(
        "an intent finds its reference under any amount",
        "workflows/intent.py",
        Rewrite("Intent.pick", "A.amount == B", "True"),
        caught_by=f"{REFERENCES}test_a_reference_that_stands_for_another_amount_is_reported_before_writing",
    ),
)
