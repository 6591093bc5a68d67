"""Keys that can be computed again."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from klarna_om.batch.journal import WINDOW, Identity, Row
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_id

JOB = Identity("8b9d6a0e-90f1-4f8e-8a53-2f3c8f1f2a11", "orders.acknowledge")


def row(order: int, number: int, generation: int = 0) -> Row:
    return Row(number, order_id(order), State.PENDING, "ref", generation=generation)


def test_the_same_row_has_the_same_key_in_every_process() -> None:
    assert JOB.key(row(1, 1), 0) == "0b64c46a-6efc-59e7-abc1-13bef072b0a9"


def test_a_key_is_a_uuid_of_version_5() -> None:
    assert UUID(JOB.key(row(1, 1), 0)).version == 5


def test_every_part_of_a_call_changes_the_key() -> None:
    other_job = Identity("1c0a1f0e-0000-4f8e-8a53-2f3c8f1f2a11", JOB.operation)
    other_operation = Identity(JOB.job_id, "orders.cancel")

    keys = {
        JOB.key(row(1, 1), 0),
        JOB.key(row(2, 1), 0),
        JOB.key(row(1, 2), 0),
        JOB.key(row(1, 1), 1),
        other_job.key(row(1, 1), 0),
        other_operation.key(row(1, 1), 0),
    }

    assert len(keys) == 6


@given(row=st.integers(1, 10_000_000))
def test_a_window_is_a_thousand_rows(row: int) -> None:
    assert (
        Identity("job", "orders.acknowledge").window_of(row) * WINDOW
        < row
        <= (Identity("job", "orders.acknowledge").window_of(row) + 1) * WINDOW
    )
