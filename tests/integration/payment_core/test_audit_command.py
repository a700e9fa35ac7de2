"""``tillwatch audit verify --core`` proves the payment core's trail, or names what was changed."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from daemon.cli.audit import audit_app
from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import DailyRoot
from payment_core.audit.signing import Ed25519Signer
from tests.unit.payment_core.audit.audit_world import HandClock, open_store, tamper, write_steps

SIGNER = Ed25519Signer(bytes(range(32)))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A core's directory with its daily roots and the public key of their signatures."""

    async def fill() -> None:
        clock = HandClock()
        store = open_store(tmp_path / "payments.db", clock)
        await store.open()
        await write_steps(store, range(6))
        await DailyRoot(store, FolderRoots(tmp_path / "roots"), SIGNER).run_once(clock.now_ms())
        await store.close()

    asyncio.run(fill())
    (tmp_path / "roots.pub").write_text(SIGNER.public_key.hex())
    return tmp_path


def run(data_dir: Path, *more: str) -> Result:
    return CliRunner().invoke(audit_app, ["verify", "--core", "--data-dir", str(data_dir), *more])


def with_roots(data_dir: Path) -> list[str]:
    return ["--roots", str(data_dir / "roots"), "--root-key", str(data_dir / "roots.pub")]


def test_an_untouched_core_ends_with_0(data_dir: Path) -> None:
    result = run(data_dir, *with_roots(data_dir), "--json")
    assert result.exit_code == 0
    report = msgspec.json.decode(result.stdout.splitlines()[-1])
    assert (report["intact"], report["rows"], report["documents"], report["roots"]) == (True, 6, 3, 1)
    assert report["first_bad"] == ""


def test_without_roots_it_says_what_cannot_be_found(data_dir: Path) -> None:
    result = run(data_dir)
    assert result.exit_code == 0
    assert "without daily roots" in result.stdout


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit SET actor = 'key:other' WHERE sequence = 2", "0:2"),
        ("DELETE FROM audit WHERE sequence = 6", "0:6"),
        ("DELETE FROM records WHERE id = 'ord_1'", "order ord_1"),
    ],
)
def test_a_changed_core_ends_with_1_and_the_first_bad_place(data_dir: Path, statement: str, first_bad: str) -> None:
    tamper(data_dir / "payments.db", statement)
    result = run(data_dir, *with_roots(data_dir))
    assert result.exit_code == 1
    assert f"first bad: {first_bad}" in result.stdout
    as_json = run(data_dir, *with_roots(data_dir), "--json")
    assert as_json.exit_code == 1
    assert msgspec.json.decode(as_json.stdout.splitlines()[-1])["first_bad"] == first_bad


def test_roots_that_lie_beside_the_file_are_used_unasked(data_dir: Path) -> None:
    (data_dir / "roots").rename(data_dir / "payments.audit-roots")
    result = run(data_dir)
    assert result.exit_code == 0
    assert "1 daily roots hold" in result.stdout
    tamper(data_dir / "payments.db", "DELETE FROM audit WHERE sequence = 6")
    assert "cut off" in run(data_dir).stdout


def test_roots_of_another_key_end_with_1(data_dir: Path) -> None:
    (data_dir / "roots.pub").write_text(Ed25519Signer(bytes(32)).public_key.hex())
    result = run(data_dir, *with_roots(data_dir))
    assert result.exit_code == 1
    assert "not of this key" in result.stdout


def test_a_root_that_is_no_root_ends_with_1(data_dir: Path) -> None:
    (data_dir / "roots" / "root-2026-11-27.json").write_text("{}")
    assert run(data_dir, *with_roots(data_dir)).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--core", "--data-dir", "nowhere"], "there is no payment core's file"),
        (["--core", "--data-dir", "{}", "--roots", "nowhere"], "no such directory"),
        (["--core", "--data-dir", "{}", "--root-key", "{}/roots.pub"], "name them with --roots"),
        (["--core", "--data-dir", "{}", "--roots", "{}/roots", "--root-key", "{}/payments.db"], "payments.db"),
        (["--core", "--data-dir", "{}", "--expect-head", "1:" + "0" * 64], "--expect-head is for the journal"),
        (["--data-dir", "{}", "--roots", "{}/roots"], "add --core"),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_to_do(data_dir: Path, arguments: list[str], part: str) -> None:
    filled = [argument.replace("{}", str(data_dir)) for argument in arguments]
    result = CliRunner().invoke(audit_app, ["verify", *filled])
    assert result.exit_code == 2
    assert part in result.stderr
