"""Several merchants in one command: each with its own credentials, journal, report and pace."""

import csv
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox

Run = Callable[..., Result]
ORDERS = 12


@pytest.fixture
def sweden() -> Iterator[Sandbox]:
    with Sandbox(orders=ORDERS, seed=1, limit=None, username="K1_se", password="se") as running:
        yield running


@pytest.fixture
def norway() -> Iterator[Sandbox]:
    with Sandbox(orders=ORDERS, seed=2, limit=None, username="K1_no", password="no") as running:
        yield running


@pytest.fixture
def run(sweden: Sandbox, norway: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `klarna-om acknowledge` where both merchants are known."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "merchants.toml"
    file.write_text(
        f'[shop-se]\nenvironment = "{sweden.url}"\nusername = "K1_se"\npassword = "se"\n'
        f'[shop-no]\nenvironment = "{norway.url}"\nusername = "K1_no"\npassword = "no"\n'
    )
    file.chmod(0o600)
    monkeypatch.setenv("KLARNA_OM_MERCHANTS", str(file))
    return lambda *arguments: CliRunner().invoke(group, ["acknowledge", *arguments])


@pytest.fixture
def manifest(sweden: Sandbox, norway: Sandbox, tmp_path: Path) -> Path:
    """The orders of both, in turns."""
    path = tmp_path / "orders.csv"
    pairs = zip(sweden.order_ids, norway.order_ids, strict=True)
    path.write_text("order_id,merchant\n" + "".join(f"{one},shop-se\n{two},shop-no\n" for one, two in pairs))
    return path


def outcomes(path: Path) -> list[tuple[int, str]]:
    with path.open(newline="") as file:
        return [(int(row["line"]), row["outcome"]) for row in csv.DictReader(file)]


def test_a_column_names_the_merchant_of_each_row(
    run: Run, manifest: Path, sweden: Sandbox, norway: Sandbox, tmp_path: Path
) -> None:
    result = run("orders.csv", "--merchant-column", "merchant")

    assert result.exit_code == 0
    assert "shop-se: 12 lines: 12 done" in result.stdout
    assert "shop-no: 12 lines: 12 done" in result.stdout
    assert (sweden.acknowledgements, norway.acknowledgements) == (ORDERS, ORDERS)
    assert outcomes(tmp_path / "orders.report.shop-se.csv") == [(line, "done") for line in range(2, 26, 2)]
    assert outcomes(tmp_path / "orders.report.shop-no.csv") == [(line, "done") for line in range(3, 26, 2)]


def test_the_same_command_again_sends_nothing(run: Run, manifest: Path, sweden: Sandbox) -> None:
    run("orders.csv", "--merchant-column", "merchant")
    again = run("orders.csv", "--merchant-column", "merchant")

    assert again.exit_code == 0
    assert again.stdout.count("nothing to do") == 2
    assert len(sweden.requests) == ORDERS


def test_each_merchant_may_have_a_manifest_of_its_own(
    run: Run, sweden: Sandbox, norway: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "se.csv").write_text("\n".join(sweden.order_ids))
    (tmp_path / "no.csv").write_text("\n".join(norway.order_ids))

    result = run("shop-se=se.csv", "shop-no=no.csv", "--json", "--html", "jobs.html", "--verify", "all")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"]) == (0, 0)
    assert [document["merchants"][name]["done"] for name in ("shop-se", "shop-no")] == [ORDERS, ORDERS]
    assert {path.name for path in tmp_path.glob("*.journal")} == {"se.csv.journal", "no.csv.journal"}
    assert {path.name for path in tmp_path.glob("*.html")} == {"jobs.shop-se.html", "jobs.shop-no.html"}


def test_one_that_fails_does_not_hold_up_the_others(
    run: Run, manifest: Path, sweden: Sandbox, norway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_SHOP_NO_PASSWORD", "wrong")

    result = run("orders.csv", "--merchant-column", "merchant")
    monkeypatch.delenv("KLARNA_OM_SHOP_NO_PASSWORD")
    again = run("orders.csv", "--merchant-column", "merchant")

    assert result.exit_code == 4
    assert "klarna-om: shop-no: stopped: " in result.stderr
    assert "shop-se: 12 lines: 12 done" in result.stdout
    assert (again.exit_code, sweden.acknowledgements, norway.acknowledgements) == (0, ORDERS, ORDERS)


def test_one_signal_stops_all_and_is_answered_once(run: Run, manifest: Path, sweden: Sandbox, norway: Sandbox) -> None:
    sweden.fail_next(1, fault="hang")
    norway.fail_next(1, fault="hang")
    ended = threading.Event()

    def interrupt() -> None:
        while not (sweden.requests and norway.requests) and not ended.wait(0.01):
            pass
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            ended.wait(0.3)

    stopper = threading.Thread(target=interrupt)
    stopper.start()
    result = run("orders.csv", "--merchant-column", "merchant")
    ended.set()
    stopper.join()

    assert result.exit_code == 3
    assert result.stderr.count("Ending the calls in progress") == 1
    assert result.stdout.count("run the same command again to continue") == 2


def test_a_merchant_that_is_not_known_is_named_and_the_others_run(
    run: Run, manifest: Path, sweden: Sandbox, norway: Sandbox
) -> None:
    manifest.write_text(manifest.read_text().replace("shop-no", "shop-dk"))

    result = run("orders.csv", "--merchant-column", "merchant", "--json")

    assert result.exit_code == 4
    assert "klarna-om: shop-dk: merchant 'shop-dk' is not known" in result.stderr
    assert json.loads(result.stdout)["merchants"]["shop-dk"]["exit_code"] == 4
    assert (sweden.acknowledgements, norway.acknowledgements) == (ORDERS, 0)


def test_a_dry_run_shows_each_and_connects_to_nothing(
    run: Run, manifest: Path, sweden: Sandbox, tmp_path: Path
) -> None:
    manifest.write_text(manifest.read_text() + "\nnot-an-id,shop-no\n")

    result = run("orders.csv", "--merchant-column", "merchant", "--dry-run")

    assert result.exit_code == 0
    assert "shop-no: line 27: not an order id" in result.stdout
    assert result.stdout.count("12 orders would be sent.") == 2
    assert "1 blank" in result.stdout
    assert sweden.requests == ()
    assert not list(tmp_path.glob("*.journal"))


def test_lines_without_a_merchant_stop_it_before_anything_is_sent(
    run: Run, manifest: Path, sweden: Sandbox, tmp_path: Path
) -> None:
    manifest.write_text(manifest.read_text().replace("shop-se", ""))

    result = run("orders.csv", "--merchant-column", "merchant")
    few = manifest.read_text().splitlines()[:3]
    manifest.write_text("\n".join(few))
    one = run("orders.csv", "--merchant-column", "merchant")

    assert (result.exit_code, one.exit_code) == (2, 2)
    assert "no merchant can be read in the column 'merchant' of line 2, 4, 6, 8, 10 and 7 more" in result.stderr
    assert "of line 2; mend" in one.stderr
    assert sweden.requests == ()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("shop-se=orders.csv", "orders.csv"), "give each manifest the name of its merchant"),
        (("shop-se=orders.csv", "shop-se=orders.csv"), "and each merchant one manifest"),
        (("orders.csv", "orders.csv"), "several manifests need the names of their merchants"),
        (("shop-se=orders.csv", "--journal", "j"), "leave out --merchant-column, --journal and --report"),
        (("orders.csv", "--merchant-column", "merchant", "--merchant", "shop-se"), "--merchant is for one"),
        (("-", "--journal", "j", "--merchant-column", "merchant"), "--merchant-column needs a file"),
        (("shop-se=none.csv",), "'none.csv' does not exist"),
        (("orders.csv", "--merchant", "shop-dk"), "merchant 'shop-dk' is not known"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    run: Run, manifest: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.replace("│", " ").split())


def test_one_merchant_has_its_credentials_by_name(run: Run, sweden: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a=b.csv").write_text("\n".join(sweden.order_ids))

    result = run("a=b.csv", "--merchant", "shop-se")

    assert result.exit_code == 0
    assert sweden.acknowledgements == ORDERS
