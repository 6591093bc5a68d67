"""What needs a person, by its reason."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from shlex import quote

from klarna_om.batch.page.advice import klarnas_advice, meaning_of
from klarna_om.batch.what_to_do import WHAT_TO_DO
from klarna_om.live.state import Item, State
from klarna_om.live.view import Group

WHAT_TO_DO_HERE = {
    "escalated": WHAT_TO_DO["escalated"],
    "refused": "correct what Klarna names, then `klarna-om jobs retry JOB --refused{code}`",
    "malformed": "correct the line and submit the manifest again with `--job JOB`",
    "conflict": "give the request a reference of its own, if it is another one, and submit it with `--job JOB`",
}
"""For a job in a database."""

SUPPORT = "Klarna asks to contact its support: `klarna-om journal export JOB --format html` has a text for it"


def make_groups(state: State) -> list[Group]:
    """The groups of what is listed, the most urgent first."""
    return [_view_group(key, list(items), state) for key, items in groupby(_sorted(state.items), _alike)]


def _sorted(items: Iterable[Item]) -> list[Item]:
    """Alike ones together, each group where its first item is."""
    order: dict[tuple[object, ...], int] = {}
    known = list(items)
    for item in known:
        order.setdefault(_alike(item), len(order))
    return sorted(known, key=lambda item: order[_alike(item)])


def _alike(item: Item) -> tuple[str, int | None, str | None]:
    return item.outcome, item.status, item.error_code


def _view_group(key: tuple[str, int | None, str | None], items: Sequence[Item], state: State) -> Group:
    outcome, status, error_code = key
    jobs = {str(item.job) for item in items}
    job = jobs.pop() if len(jobs) == 1 else "JOB"
    code = f" --code {quote(error_code)}" if error_code else ""
    advice = SUPPORT if outcome == "escalated" else klarnas_advice(outcome, status).removesuffix(".")
    counts = {(each.outcome, each.status, each.error_code): each.count for each in state.codes}
    total = counts.get((outcome, status, (error_code or "")[:200]), state.unusable.get(outcome, 0))
    return Group(
        outcome=outcome,
        status=status,
        error_code=error_code,
        meaning=meaning_of(outcome, status, error_code),
        advice=advice.replace("JOB", job),
        what_to_do=WHAT_TO_DO_HERE[outcome].replace("JOB", job).format(code=code),
        items=items,
        total=max(total, len(items)),
    )
