"""A newcomer types what README and docs show, in a folder of a test."""

import os
import re
import shlex
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.load import DEFAULTS
from daemon.embedded.processes.ports import free_port
from daemon.embedded.processes.surroundings import local_environment
from tests import forked

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


def shown(text: str) -> list[str]:
    """The tillwatch commands of a page's code blocks, without comments."""
    fenced = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text)
    blocks = [*(block for language, block in fenced if not language), *re.findall(r"(?m)^    (.+)$", text)]
    lines = [re.split(r"\s#\s", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line.removeprefix(".venv/bin/") for line in lines if re.match(r"(\.venv/bin/)?tillwatch ", line)]


class Place:
    """A folder in which a newcomer types commands; port: of the daemon that runs there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port("127.0.0.1")

    def typed(self, command: str, **changes: str) -> list[str]:
        """The command as the words of ``python -m``, with the changes made."""
        text = command.replace("/etc/tillwatch", "data/config").replace("--config DIR", "--config data/config")
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        text = text.replace("--config NEW", "--config tuning").replace("--against RUNNING", "--against data/config")
        words = shlex.split(text)
        for option, value in changes.items():
            name = f"--{option.replace('_', '-')}"
            if name in words:
                words[words.index(name) + 1] = value
            else:
                words += [name, value]
        return ["daemon", *words[1:]]

    def start(self, words: list[str]) -> forked.Forked:
        """Start it as a newcomer does; both outputs are one stream of lines."""
        return forked.Forked(words, stderr=subprocess.STDOUT, environment=self.environment(), folder=self.folder)

    def run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        return forked.run(*words, environment=self.environment(), folder=self.folder, seconds=120)

    def in_shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run what a page shows beside our own commands."""
        return subprocess.run(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Nothing that leads to AWS, no token, and the project on the path."""
        return local_environment(os.environ) | {"PYTHONPATH": str(ROOT)}

    def keep_keys_for_the_bank(self) -> None:
        """The files that the page on payouts names: our key at the bank's SFTP server, and the server's own."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(self.folder / "ach-key"))
        (self.folder / "ach-key").chmod(0o600)
        known = key.export_public_key().decode("ascii")
        (self.folder / "ach-known-hosts").write_text(f"sftp.example.org {known}", encoding="ascii")

    def keep_files_for_flags(self) -> None:
        """The files that the page on flags names: the daemon's public key, our certificate and its key, and a token."""
        (self.folder / "flags.pub").write_text(f"{'5a' * 32}\n", encoding="ascii")
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "till-core")])
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        signed = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=36500))
        pem = serialization.Encoding.PEM
        (self.folder / "core.pem").write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(pem))
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "core.key").write_bytes(private)
        (self.folder / "token").write_text("viewer", encoding="ascii")
        (self.folder / "token").chmod(0o600)

    def keep_files_for_migration(self) -> None:
        """What the page on migrating names: a folder of exports, the key that opens them, and the old one's secrets."""
        (self.folder / "exports").mkdir()
        for name in ("export-key.pgp", "old.key", "old.webhook"):
            (self.folder / name).write_text("kept elsewhere", encoding="ascii")
            (self.folder / name).chmod(0o600)

    def with_few_payments(self, scenario: str) -> str:
        """The file of this scenario with so little traffic that the commands beside it are not waited for."""
        text = (DEFAULTS / "scenarios" / f"{scenario}.yaml").read_text("utf-8")
        lighter, count = re.subn(r"(?<=payments_per_second: )\d+", "5", text)
        assert count == 1
        path = self.folder / f"{scenario}.yaml"
        path.write_text(lighter, encoding="utf-8")
        return str(path)

    def prepare_tuning(self) -> None:
        """What the tuning page does beside our own commands: its file of tests, and the copy of the rules."""
        page = (ROOT / "docs" / "tuning.md").read_text("utf-8")
        (tests,) = re.findall(r"```yaml\n(rule_files:.*?)```", page, re.DOTALL)
        (self.folder / "bin-attack.yaml").write_text(tests, encoding="utf-8")
        steps = re.findall(r"(?m)^(?:mkdir|cp|sed) .*$", page)
        assert len(steps) == 4
        done = self.in_shell("\n".join(steps).replace("config/defaults", str(DEFAULTS)))
        assert done.returncode == 0, done.stderr


def until(process: forked.Forked, word: str) -> str:
    """Read lines up to the first with the word."""
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if word in line:
            return line
    pytest.fail(f"{word!r} was never said: {''.join(said)}")


def stop(process: forked.Forked, number: signal.Signals = signal.SIGTERM) -> int:
    """Stop it in order; its exit code."""
    with process:
        process.send_signal(number)
        assert process.stdout is not None
        process.stdout.read()
        return process.wait(START_SECONDS)


def shown_part(page: str, pattern: str) -> str:
    """The first part of a page that the pattern's group meets."""
    found = re.search(pattern, (ROOT / "docs" / page).read_text("utf-8"))
    assert found is not None, pattern
    return found.group(1)
