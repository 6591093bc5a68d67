"""The classic mistakes, as changes of the syntax tree, each with the test that must fail for it."""

from tests.proofs.mutants import answers, attempts, keys, lifecycle, outbox, outcomes, webhooks, workflows

MUTANTS = (
    *keys.MUTANTS,
    *attempts.MUTANTS,
    *outcomes.MUTANTS,
    *answers.MUTANTS,
    *lifecycle.MUTANTS,
    *workflows.MUTANTS,
    *outbox.MUTANTS,
    *webhooks.MUTANTS,
)
