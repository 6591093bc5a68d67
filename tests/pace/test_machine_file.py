"""The file of a machine's pace is this user's own, or it is refused."""

import os
import sys
from pathlib import Path

import pytest

from klarna_om import ConfigurationError, KlarnaClient, PaceSnapshot
from klarna_om.pace import machine_file
from klarna_om.pace.machine import MachinePace, MachinePacer
from klarna_om.pace.machine_file import MachineFile, path_of
from klarna_om.pace.merchant import Merchant
from tests.support.wire import Wire

MERCHANT = Merchant("0123", 200)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file of `MERCHANT` is."""
    monkeypatch.setattr(machine_file, "MEMORY", tmp_path)
    return path_of(MERCHANT)


async def test_it_is_in_memory_and_nobody_elses_to_read(path: Path) -> None:
    MachinePace().pacing(MERCHANT).try_acquire("live")

    assert path.stat().st_mode & 0o777 == 0o600


def test_where_there_is_no_shared_memory_it_is_in_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_file, "MEMORY", tmp_path / "absent")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert path_of(MERCHANT).parent == tmp_path


def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    aim = tmp_path / "aim"
    aim.write_text("precious")
    path.symlink_to(aim)

    with pytest.raises(ConfigurationError, match="cannot use .*symbolic links"):
        MachineFile(path)
    assert aim.read_text() == "precious"


def test_a_file_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch(0o600)
    owner = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)

    with pytest.raises(ConfigurationError, match=f"it belongs to another user, {owner}"):
        MachineFile(path)


def test_a_file_that_others_may_open_is_refused(path: Path) -> None:
    path.touch()
    path.chmod(0o620)

    with pytest.raises(ConfigurationError, match="others may open it .*620.*600"):
        MachineFile(path)


def test_a_second_name_of_another_file_is_refused(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    precious.chmod(0o600)
    path.hardlink_to(precious)

    with pytest.raises(ConfigurationError, match="not a plain file with one name"):
        MachineFile(path)
    assert precious.read_text() == "precious"


def test_a_pipe_is_refused(path: Path) -> None:
    os.mkfifo(path, 0o600)

    with pytest.raises(ConfigurationError, match="not a plain file"):
        MachineFile(path)


async def test_a_client_says_so_before_its_first_call(server: Wire, tmp_path: Path, path: Path) -> None:
    client = KlarnaClient(server.url, username="u", password="p", pace="machine")
    path_of(client._shared.merchant).symlink_to(tmp_path)

    with pytest.raises(ConfigurationError, match="Delete it, or use pace='shared'"):
        async with client:
            pass
    await client.aclose()


async def test_a_platform_without_locks_gets_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)

    with pytest.raises(ConfigurationError, match="file locks of Unix, which this platform does not have: use"):
        MachinePace().pacing(MERCHANT)


async def test_clients_of_one_merchant_in_a_process_have_one_pace(server: Wire, path: Path) -> None:
    one, same = (KlarnaClient(server.url, username="u", password=word, pace="machine") for word in ("p", "new"))
    other = KlarnaClient(server.url, username="v", password="p", pace="machine")
    slow = KlarnaClient(server.url, username="u", password="p", pace="machine", rate=5)

    assert isinstance(one.pace, MachinePacer)
    assert one.pace is same.pace
    assert other.pace is not one.pace
    assert slow.pace not in (None, one.pace)
    assert slow.pace is slow.with_options(lane="batch").pace
    assert isinstance(one.pace.snapshot(), PaceSnapshot)
    assert len([*path.parent.iterdir()]) == 2
    for client in (one, same, other, slow):
        await client.aclose()
