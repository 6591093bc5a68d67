"""The progress of several jobs as one."""

from klarna_om.batch.totals import Pause, Progress, Totals
from klarna_om.cli.merged_progress import MergedProgress


def test_it_adds_up_what_the_jobs_report() -> None:
    shown: list[Progress] = []
    merged = MergedProgress(shown.append)

    merged.of("shop-se")(Progress(Totals(done=1, pending=5), rate=2.0, eta=3.0))
    merged.of("shop-no")(Progress(Totals(done=2, refused=1), rate=4.0, eta=9.0))
    merged.of("shop-se")(Progress(Totals(done=3, pending=3), rate=2.0, eta=2.0))

    assert shown[-1] == Progress(Totals(done=5, refused=1, pending=3), rate=6.0, eta=9.0)


def test_what_no_job_knows_yet_is_not_known() -> None:
    shown: list[Progress] = []

    MergedProgress(shown.append).of("shop-se")(Progress(Totals(pending=5)))

    assert shown == [Progress(Totals(pending=5))]


def test_a_pause_names_the_merchant() -> None:
    shown: list[Progress] = []
    merged = MergedProgress(shown.append)

    merged.of("shop-se")(Progress(Totals(done=1)))
    merged.of("shop-no")(Progress(Totals(pending=1), pause=Pause("503", 4.0)))

    assert shown[-1].pause == Pause("shop-no: 503", 4.0)
