"""What the page says about a board."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from klarna_om.batch.totals import Totals
from klarna_om.live.board import Board
from klarna_om.live.render import FRAGMENTS, Renderer
from klarna_om.live.speed import Speed
from klarna_om.live.state import Allowed, Chunk, Code, Item, Pace, State
from tests.batch.jobs import START
from tests.live.jobs import JOB, SCRIPT, job_state

WORKER = UUID(int=9)
ITEM = Item(JOB, 3, "order-3", "shipment-3", "refused", 403, "CAPTURE_NOT_ALLOWED", "correlation-3", "key-3", START)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def board(*jobs: Any, speed: Speed | None = None, **more: Any) -> Board:
    running = sum(1 for job in jobs if job.open)
    state = State(**{"jobs": jobs, "running": running, "all_jobs": len(jobs), **more})
    return Board(state, {JOB: speed} if speed else {}, START)


def text(renderer: Renderer, shown: Board, name: str) -> str:
    html = renderer.render(shown).fragments[name]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_a_running_job_has_its_rate_against_the_limit_and_the_time_left(renderer: Renderer) -> None:
    job = job_state(settled=40, requests=80, limit=Allowed(161.5, 190.0))

    shown = text(renderer, board(job, speed=Speed(19.9, 0.5, 60.0)), "jobs")

    assert "captures.create 40 % settled" not in shown
    assert "captures.create 40.0 % settled 40 done 60 pending" in shown
    assert "Requests per second, last 60 s 19.9 of 190 (now 162)" in shown
    assert "Rows per second 0.5 Time left 2 min Workers none" in shown
    assert f"Job {JOB}" in shown


@pytest.mark.parametrize(
    ("settled", "left"), [(0.0, "not known"), (1.0, "100 s"), (0.5, "3 min"), (0.01, "3 h"), (100.0, "1 s")]
)
def test_the_time_left_has_no_digits_that_flicker(renderer: Renderer, settled: float, left: str) -> None:
    shown = text(renderer, board(job_state(), speed=Speed(1.0, settled, 60.0)), "jobs")

    assert f"Time left {left} Workers" in shown


@pytest.mark.parametrize(
    ("paces", "target", "expected"),
    [
        ([Pace(Allowed(200.0, 200.0), -1.0)], "https://api.klarna.com", "3 of 200 Rows"),
        ([], "https://api.playground.klarna.com", "3 of 50 that Klarna publishes Rows"),
        ([], "https://sandbox.example", "3 Rows"),
        ([], "", "3 Rows"),
    ],
)
def test_the_limit_is_the_shared_one_or_the_published_one_or_not_known(
    renderer: Renderer, paces: list[Pace], target: str, expected: str
) -> None:
    shown = board(job_state(target=target), speed=Speed(3.0, 1.0, 60.0), paces=paces)

    assert f"last 60 s {expected} per second" in text(renderer, shown, "jobs")


def test_a_job_without_readings_is_being_measured(renderer: Renderer) -> None:
    assert "Requests per second being measured of 200" in text(renderer, board(job_state()), "jobs")


def test_what_needs_a_person_says_what_to_do_with_the_job_in_the_command(renderer: Renderer) -> None:
    job = job_state(totals=Totals(refused=2, pending=1))
    shown = board(job, items=[ITEM], codes=[Code("refused", 403, "CAPTURE_NOT_ALLOWED", 2)])

    person = text(renderer, shown, "person")

    assert "refused 403 CAPTURE_NOT_ALLOWED 2 rows, 1 shown It means The order is cancelled or expired" in person
    assert "Klarna advises Klarna asks not to repeat it as it is" in person
    assert f"then klarna-om jobs retry {JOB} --refused --code CAPTURE_NOT_ALLOWED ." in person
    assert "order-3 reference shipment-3 line 3 of job 00000000 correlation id correlation-3 last call (UTC)" in person
    assert "1 more: klarna-om journal list JOB" in person
    assert "key-3" not in person


def test_a_group_of_several_jobs_has_a_placeholder(renderer: Renderer) -> None:
    shown = board(job_state(), items=[ITEM, evolve(ITEM, job=UUID(int=8), status=403)])

    assert "JOB stands for the id of the job" in text(renderer, shown, "person")
    assert "klarna-om jobs retry JOB --refused" in text(renderer, shown, "person")


def test_an_error_code_is_quoted_for_the_shell(renderer: Renderer) -> None:
    shown = board(job_state(), items=[evolve(ITEM, error_code="JOB; {rm} $HOME")])

    assert f"retry {JOB} --refused --code 'JOB; {{rm}} $HOME'" in text(renderer, shown, "person")


def test_an_escalated_row_has_what_klarnas_support_needs(renderer: Renderer) -> None:
    escalated = Item(JOB, 5, "order-5", "", "escalated", None, None, None, "key-5")
    shown = board(job_state(totals=Totals(escalated=1)), items=[escalated])

    person = text(renderer, shown, "person")

    assert "escalated no answer 1 row It means No usable answer came" in person
    assert f"klarna-om journal export {JOB} --format html has a text for it." in person
    assert "line 5 of job 00000000 idempotency key key-5" in person


def test_what_was_never_sent_says_so(renderer: Renderer) -> None:
    shown = board(
        job_state(),
        items=[evolve(ITEM, status=None, error_code=None), Item(JOB, 9, "x", "", "malformed", detail="no amount")],
        unusable={"malformed": 1},
    )

    person = text(renderer, shown, "person")

    assert "refused not sent 1 row What to do" in person
    assert "malformed 1 row What to do Correct the line and submit the manifest again" in person


def test_workers_have_their_chunks_and_leases_and_lost_ones_are_first(renderer: Renderer) -> None:
    lost = UUID(int=10)
    chunks = [Chunk(JOB, 7, lost, -12.4), Chunk(JOB, 1, WORKER, 18.2), Chunk(JOB, 0, WORKER, 17.9)]
    shown = board(job_state(), chunks=chunks)

    assert f"{lost} 00000000 captures.create 7 ended 12 s ago {WORKER} 00000000 captures.create 0, 1 18 s left" in text(
        renderer, shown, "workers"
    )
    assert "Workers 1 Host" in text(renderer, shown, "jobs")
    assert "Worker 00000000 was lost" in text(renderer, shown, "alerts")


def test_many_lost_workers_and_idle_jobs_are_two_alerts(renderer: Renderer) -> None:
    ids = [UUID(int=number << 96) for number in range(1, 6)]
    jobs = [job_state(job=each) for each in ids[:2]]
    shown = board(*jobs, chunks=[Chunk(ids[0], number, worker, -1.0) for number, worker in enumerate(ids)])

    alerts = text(renderer, shown, "alerts")

    assert alerts == (
        "No worker has rows of jobs 00000001, 00000002, and 200 rows wait. Workers 00000001, 00000002, 00000003 and 2"
        " more were lost: another one takes over what is open within 30 seconds, if there is one."
    )


def test_outcomes_have_their_meaning(renderer: Renderer) -> None:
    codes = [Code("unknown", None, "", 1_234), Code("refused", 404, "NO_SUCH_ORDER", 2)]

    shown = text(renderer, board(job_state(), codes=codes), "codes")

    assert "unknown no answer No usable answer came, so nobody here knows whether it was executed. 1 234" in shown
    assert "refused 404 NO_SUCH_ORDER No such order for this merchant in this environment. 2" in shown


@pytest.mark.parametrize(
    ("shown", "alert"),
    [
        (board(job_state()), "No worker has rows of job 00000000, and 100 rows wait."),
        (board(job_state(totals=Totals(unknown=1))), ""),
        (board(paces=[Pace(Allowed(190.0, 200.0), 0.4)]), "Klarna's rate limit holds all calls for a moment."),
        (board(paces=[Pace(Allowed(161.5, 200.0), -1.0)]), "the rate is 162 requests a second, and grows back."),
        (board(paces=[Pace(Allowed(200.0, 200.0), -1.0)]), ""),
    ],
)
def test_what_slows_a_job_down_is_said_above_all(renderer: Renderer, shown: Board, alert: str) -> None:
    assert text(renderer, shown, "alerts").endswith(alert)
    assert bool(text(renderer, shown, "alerts")) is bool(alert)


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (board(), "No job runs, nothing needs a person."),
        (board(job_state()), "1 job runs, nothing needs a person."),
        (board(job_state(), unusable={"malformed": 1}), "1 job runs, 1 row needs a person."),
        (board(job_state(totals=Totals(refused=2, escalated=1))), "No job runs, 3 rows need a person."),
        (Board(away_since=START), "The database is away."),
    ],
)
def test_the_verdict_is_the_page_in_a_sentence(renderer: Renderer, shown: Board, verdict: str) -> None:
    assert text(renderer, shown, "verdict") == verdict


def test_an_outage_is_said_with_its_beginning_and_without_its_reason(renderer: Renderer) -> None:
    shown = evolve(board(job_state()), away_since=START + timedelta(hours=1), reason="no route to db.shop.example")

    alerts = text(renderer, shown, "alerts")

    assert "cannot be reached since 2026-11-23 13:00:00 UTC" in alerts
    assert "What is shown is from before." in alerts
    assert "db.shop.example" not in renderer.page(shown)


def test_a_page_before_the_first_answer_of_the_database_has_no_time(renderer: Renderer) -> None:
    shown = Board(away_since=START)

    assert text(renderer, shown, "clock") == ""
    assert "from before" not in text(renderer, shown, "alerts")
    assert "Not known yet." in text(renderer, shown, "jobs")


def test_finished_jobs_are_listed_briefly_and_more_are_counted(renderer: Renderer) -> None:
    done = job_state(settled=100)
    shown = board(done, all_jobs=31)

    assert f"{JOB} captures.create 100 done 2026-11-23 12:00:00 30 more jobs" in text(renderer, shown, "finished")
    assert "No row is open." in text(renderer, shown, "jobs")


def test_running_jobs_that_are_not_shown_are_counted(renderer: Renderer) -> None:
    assert "2 more: klarna-om jobs lists them." in text(renderer, board(job_state(), running=3), "jobs")


def test_everything_that_others_wrote_is_text(renderer: Renderer) -> None:
    item = Item(JOB, 1, SCRIPT, SCRIPT, "refused", 400, SCRIPT, SCRIPT, SCRIPT, START, SCRIPT)
    job = job_state(operation=SCRIPT, target=SCRIPT)
    shown = board(job, items=[item], codes=[Code("refused", 400, SCRIPT, 1)], chunks=[Chunk(JOB, 1, WORKER, 1.0)])

    fragments = renderer.render(shown).fragments
    page = renderer.page(shown)

    assert all("<img" not in html and "<script" not in html for html in fragments.values())
    assert ("<img" in page, page.count("<script")) == (False, 1)


def test_each_fragment_has_its_place_in_the_page(renderer: Renderer) -> None:
    page = renderer.page(board(job_state()))

    for name in FRAGMENTS:
        assert page.count(f'id="{name}"') == 1


def test_the_policy_allows_the_pages_own_style_and_script_only(renderer: Renderer) -> None:
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; connect-src 'self';"
        r" base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        renderer.policy,
    )
