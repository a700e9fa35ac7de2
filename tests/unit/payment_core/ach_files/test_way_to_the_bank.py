"""The options name one way to the bank, and what is missing or said twice is refused with what to do."""

import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from payment_core.__main__ import EXIT_BAD_USAGE, main
from payment_core.ach.delivery.folder import FolderDelivery
from payment_core.ach.delivery.port import Presence
from payment_core.ach.delivery.sftp import SftpDelivery, SftpServer
from payment_core.ach.delivery.ssh_session import SshFileUnusable
from payment_core.assembly.delivering import open_delivery
from payment_core.aws.errors import OptionsUnusable
from payment_core.aws.s3_delivery import S3Delivery
from payment_core.lambda_handler import options_from_environment
from payment_core.options import CoreOptions
from tests.contract.delivery.bank_servers import bank_server

SERVER = ("--ach-sftp-host", "sftp.example.org")
COMPLETE = (*SERVER, "--ach-sftp-user", "till", "--ach-sftp-key-file", "key", "--ach-sftp-known-hosts-file", "known")


def options_for(server: SftpServer, database: Path) -> CoreOptions:
    """Options that name the server."""
    return CoreOptions(
        database=database,
        ach_sftp_host=server.host,
        ach_sftp_port=server.port,
        ach_sftp_user=server.user,
        ach_sftp_key_file=server.key_file,
        ach_sftp_known_hosts_file=server.known_hosts_file,
    )


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        ((*COMPLETE, "--ach-bucket", "files"), "--ach-bucket: is given beside ach_sftp_host"),
        (SERVER, "--ach-sftp-user: is missing"),
        (COMPLETE[:4], "--ach-sftp-key-file: is missing"),
        (COMPLETE[:6], "--ach-sftp-known-hosts-file: is missing"),
        (COMPLETE[2:], "--ach-sftp-host: is missing, but there is ach_sftp_user, ach_sftp_key_file"),
        (("--ach-sftp-inbound", "returns"), "--ach-sftp-host: is missing, but there is ach_sftp_inbound"),
        ((*COMPLETE, "--ach-sftp-inbound", "./outbound"), "--ach-sftp-inbound: is the directory of ach_sftp_outbound"),
        ((*COMPLETE, "--ach-sftp-outbound", "to bank/"), "--ach-sftp-outbound: "),
        ((*COMPLETE, "--ach-sftp-port", "0"), "--ach-sftp-port: "),
        ((*COMPLETE, "--ach-sftp-host", "till@sftp.example.org"), "--ach-sftp-host: "),
    ],
)
def test_a_way_that_is_not_clear_is_refused_as_bad_usage(
    flags: tuple[str, ...], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags) == EXIT_BAD_USAGE
    assert capsys.readouterr().err.startswith(part)


def test_a_function_is_told_which_variable_is_missing() -> None:
    with pytest.raises(OptionsUnusable, match="TILL_CORE_ACH_SFTP_USER: is missing"):
        options_from_environment({"TILL_CORE_ACH_SFTP_HOST": "sftp.example.org"})


async def test_without_options_files_stay_in_a_folder(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert isinstance(await open_delivery(stack, CoreOptions(database=tmp_path / "p.db")), FolderDelivery)


async def test_a_bucket_is_a_way(tmp_path: Path) -> None:
    options = CoreOptions(database=tmp_path / "p.db", ach_bucket="files", endpoint_url="http://127.0.0.1:1")
    async with AsyncExitStack() as stack:
        assert isinstance(await open_delivery(stack, options), S3Delivery)


async def test_the_server_that_the_options_name_gets_the_file(tmp_path: Path) -> None:
    async with bank_server(tmp_path / "box") as bank, AsyncExitStack() as stack:
        delivery = await open_delivery(stack, options_for(bank.address(tmp_path / "keys"), tmp_path / "p.db"))
        assert isinstance(delivery, SftpDelivery)
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        await delivery.put("a.ach", b"abc", sha256)
        assert await delivery.find("a.ach", sha256) is Presence.SAME


async def test_a_core_does_not_start_without_the_files_of_its_server(tmp_path: Path) -> None:
    server = SftpServer("sftp.example.org", 22, "till", tmp_path / "key", tmp_path / "known_hosts")
    async with AsyncExitStack() as stack:
        with pytest.raises(SshFileUnusable, match="No such file"):
            await open_delivery(stack, options_for(server, tmp_path / "p.db"))


def test_a_core_that_delivers_otherwise_does_not_load_the_ssh_library() -> None:
    program = "import sys, payment_core.assembly.core, payment_core.server; print('asyncssh' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"
