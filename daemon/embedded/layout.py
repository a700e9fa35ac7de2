"""What stands where in a data directory, and the configuration and the token that `up` writes for the daemon."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from config.calendar_files import CALENDARS_DIRECTORY
from config.load import (
    DEFAULTS,
    DEPLOYMENT_FILE,
    FLAG_DOCUMENT,
    FLAGS_FILE,
    POLICY_FILE,
    PRICES_FILE,
    RULES_DIRECTORY,
    SCALING_FILE,
    SETTINGS_FILE,
)
from daemon.embedded.environments.cores import CORE_KEY, DATABASE, FLAG_READER, INSTANCES_MAX, Core
from daemon.embedded.faults import DirectoryUnusable
from daemon.embedded.old_processor.papers import Papers
from daemon.embedded.processes import ministack
from daemon.embedded.processes.surroundings import ACCOUNT_ID, REGION
from daemon.embedded.telling.books import CHECKPOINT
from daemon.embedded.telling.follower import JOURNAL
from daemon.flags.keys import open_signer

TOKEN_BYTES = 32
PRIVATE = 0o600
HEADING = "# Written by `tillwatch up` at every start; changes are lost.\n"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one data directory, which is absolute."""

    root: Path

    @property
    def configuration(self) -> Path:
        """What the daemon is started with."""
        return self.root / "config"

    @property
    def logs(self) -> Path:
        """One file per child."""
        return self.root / "logs"

    @property
    def journal(self) -> Path:
        """The daemon's journal."""
        return self.root / JOURNAL

    @property
    def checkpoint(self) -> Path:
        """What the daemon has taken over."""
        return self.root / CHECKPOINT

    @property
    def payments(self) -> Path:
        """The payment cores' shared database."""
        return self.root / DATABASE

    @property
    def core_key(self) -> Path:
        """The API key of the payment cores that may do everything; the traffic's, and the one that makes others."""
        return self.root / CORE_KEY

    @property
    def daemon_key(self) -> Path:
        """The API key that the daemon shows to the payment cores."""
        return self.root / "daemon.key"

    def make(self) -> None:
        """Make the directories and the keys that children expect. Raises DirectoryUnusable and NotUsable."""
        with _usable():
            for directory in (self.configuration, self.logs, self.root / "ministack" / "s3"):
                directory.mkdir(parents=True, exist_ok=True)
        # The cores start before the daemon, and believe nobody else.
        open_signer(self.root)
        self.flags_token()

    @property
    def environments_key(self) -> Path:
        """The token that the daemon shows to the environment service."""
        return self.root / "environments-token"

    def console_token(self) -> str:
        """The token of the console, made at the first run and kept, readable by its owner alone."""
        return _kept_token(self.console_token_file)

    @property
    def console_token_file(self) -> Path:
        """Where it is kept."""
        return self.root / "console-token"

    def operator_token(self) -> str:
        """The token with which a scenario asks for deployments."""
        return _kept_token(self.root / "operator-token")

    def approver_token(self) -> str:
        """The token with which a scenario approves them, as a second person."""
        return _kept_token(self.root / "approver-token")

    def flags_token(self) -> str:
        """The token with which payment cores ask for flags."""
        return _kept_token(self.root / FLAG_READER)

    def environments_token(self) -> str:
        """The token of the environment service, made at the first run and kept, readable by its owner alone."""
        return _kept_token(self.environments_key)

    @property
    def old_processor(self) -> Path:
        """Of the simulated old processor: its keys, its book and its export."""
        return self.root / "old-processor"

    def make_old_processor(self, papers: Papers) -> None:
        """Make its folder and its secrets, which are kept. Raises DirectoryUnusable."""
        with _usable():
            papers.root.mkdir(exist_ok=True)
        for secret in (papers.key, papers.secret):
            _kept_token(secret)

    def write_settings(
        self,
        *,
        endpoint_url: str,
        broker_port: int,
        port: int,
        zone_id: str,
        cores: Mapping[str, Core],
        environments_url: str,
        token: str,
        throttle_every: int | None = None,
        auto_scaling_url: str | None = None,
    ) -> None:
        """Write the daemon's settings for this run. Raises DirectoryUnusable."""
        settings = {
            "aws": {
                "region": REGION,
                "endpoint_url": endpoint_url,
                "account_id": ACCOUNT_ID,
                "sns_signatures": "off",  # the stand-in signs nothing
                "event_regions": sorted({core.region for core in cores.values()} - {REGION}),
                **({} if throttle_every is None else {"throttle_every": throttle_every}),
                **({} if auto_scaling_url is None else {"auto_scaling_url": auto_scaling_url}),
            },
            "http": {"host": "127.0.0.1", "port": port},
            "flag_broker": {
                "host": ministack.broker_host(REGION),
                "port": broker_port,
                "tls": False,
                "transport": "websockets",
                "path": ministack.BROKER_PATH,
            },
            "data_dir": str(self.root),
            "archive": {"enabled": True},
            "hosted_zone_id": zone_id,
            "cores": {name: {"url": core.url, "address": core.address} for name, core in cores.items()},
            "environments": {
                REGION: {
                    "kind": "processes",
                    "url": environments_url,
                    "token_file": str(self.environments_key),
                }
            },
            "core_token_file": str(self.daemon_key),
            "tokens": [
                {"name": name, "role": role, "sha256": hashlib.sha256(secret.encode()).hexdigest()}
                for name, role, secret in (
                    ("console", "admin", token),
                    ("scenario", "operator", self.operator_token()),
                    ("second-person", "approver", self.approver_token()),
                    ("payment-cores", "viewer", self.flags_token()),
                )
            ],
        }
        self._write(SETTINGS_FILE, settings)

    def write_prices(self, today: date) -> None:
        """Write the packaged prices, right on this day because the rails are simulated. Raises DirectoryUnusable."""
        prices = yaml.safe_load((DEFAULTS / PRICES_FILE).read_text("utf-8"))
        for sheet in prices["sheets"]:
            sheet["checked_on"] = today
        self._write(PRICES_FILE, prices)

    def claim_configuration(self, chosen: Path | None) -> None:
        """Make sure that what will be replaced is what `up` wrote itself. Raises DirectoryUnusable."""
        if chosen is not None and chosen.resolve() == self.configuration.resolve():
            raise DirectoryUnusable(f"{chosen} is what `up` writes itself; give a copy of it with --config")
        if not self._is_ours():
            raise DirectoryUnusable(f"{self.configuration} was not written by `up`; choose another --data-dir")

    def _is_ours(self) -> bool:
        """Whether the configuration folder is empty, or `up` wrote it."""
        settings = self.configuration / SETTINGS_FILE
        if settings.is_file():
            return settings.read_text(encoding="utf-8", errors="replace").startswith(HEADING)
        return not self.configuration.is_dir() or not any(self.configuration.iterdir())

    def take_policy_and_rules(self, chosen: Path | None) -> None:
        """Copy policy, deployments, flags and rules of the chosen directory, or fall back on the defaults.

        Raises DirectoryUnusable.
        """
        with _usable():
            for name in (POLICY_FILE, DEPLOYMENT_FILE, FLAGS_FILE, FLAG_DOCUMENT):
                (self.configuration / name).unlink(missing_ok=True)
            for name in (RULES_DIRECTORY, CALENDARS_DIRECTORY):
                shutil.rmtree(self.configuration / name, ignore_errors=True)
            if chosen is None:
                return
            for name in (POLICY_FILE, DEPLOYMENT_FILE, FLAGS_FILE, FLAG_DOCUMENT):
                if (chosen / name).is_file():
                    shutil.copyfile(chosen / name, self.configuration / name)
            for name in (RULES_DIRECTORY, CALENDARS_DIRECTORY):
                if (chosen / name).is_dir():
                    shutil.copytree(chosen / name, self.configuration / name)

    def write_scaling(self, chosen: Path | None, mode: str) -> None:
        """Let the daemon size blue and green, or copy what the chosen directory says. Raises DirectoryUnusable."""
        if chosen is not None and (chosen / SCALING_FILE).is_file():
            with _usable():
                shutil.copyfile(chosen / SCALING_FILE, self.configuration / SCALING_FILE)
            return
        core = {
            "kind": "processes",
            "region": REGION,
            "min": 1,
            "max": INSTANCES_MAX,
            "unit": {
                "hour_microdollars": 0,
                "source": "processes of this machine cost nothing by themselves",
                "concurrency": 32,
                "warm_up": "30s",
                "drain": "3s",
            },
            "signals": ["utilization", "concurrency"],
            "cool_down": {"scale_out": "15s", "scale_in": "60s"},
            "hourly_cap_cents": 1,
            "forecast": False,
        }
        self._write(SCALING_FILE, {"mode": mode, "every": "5s", "stale": "30s", "components": {"core": core}})

    def open_at_any_hour(self) -> None:
        """Let no packaged calendar close anything, so that a run does not depend on the hour at which it is made.

        A policy that was chosen keeps its calendars. Raises DirectoryUnusable.
        """
        if not (self.configuration / POLICY_FILE).is_file():
            packaged = yaml.safe_load((DEFAULTS / POLICY_FILE).read_text("utf-8"))
            self._write(POLICY_FILE, {**packaged, "calendars": []})

    def take_deployment(self, file: Path) -> None:
        """Let the daemon deploy as the scenario says. Raises DirectoryUnusable."""
        with _usable():
            shutil.copyfile(file, self.configuration / DEPLOYMENT_FILE)

    def set_regions(self, rooms: Mapping[str, float]) -> None:
        """Let the policy name these regions and what each is sized for. Raises DirectoryUnusable."""
        path = self.configuration / POLICY_FILE
        with _usable():
            policy = yaml.safe_load((path if path.is_file() else DEFAULTS / POLICY_FILE).read_text("utf-8"))
        regions = {region: {"payments_per_second": room} for region, room in rooms.items()}
        self._write(POLICY_FILE, {**policy, "traffic": {**policy.get("traffic", {}), "regions": regions}})

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        with _usable():
            text = HEADING + yaml.safe_dump(content, sort_keys=False)
            (self.configuration / name).write_text(text, encoding="utf-8")


@contextmanager
def _usable() -> Iterator[None]:
    """Whatever the disk does not do is told as DirectoryUnusable."""
    try:
        yield
    except OSError as fault:
        raise DirectoryUnusable(str(fault)) from fault


def _kept_token(path: Path) -> str:
    """The token in the file; a new one is written when there is none. Raises DirectoryUnusable."""
    with _usable():
        if path.is_file() and (kept := path.read_text(encoding="ascii").strip()):
            return kept
        token = secrets.token_urlsafe(TOKEN_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        return token
