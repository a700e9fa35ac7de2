"""The KMS stand-in as a process of its own, and what its operator does to the key."""

import json
from pathlib import Path

import httpx
import msgspec

from tests.forked import Forked

ALIAS = "alias/vault"


class Kms:
    """One key under an alias; start again on the same port after a kill."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._process: Forked | None = None
        self._port = 0
        self.key_id = ""
        self.start()
        self.key_id = self.call("CreateKey")["KeyMetadata"]["KeyId"]
        self.call("CreateAlias", AliasName=ALIAS, TargetKeyId=self.key_id)

    @property
    def url(self) -> str:
        """Where the core finds it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def flags(self) -> tuple[str, ...]:
        """What the core is started with."""
        return ("--kms-key", ALIAS, "--kms-endpoint-url", self.url)

    def start(self) -> None:
        """Serve, with the keys of before."""
        self._process = Forked(["daemon.embedded.kms.program", "--port", str(self._port), "--state", str(self._state)])
        line = "" if self._process.stdout is None else self._process.stdout.readline()
        self._port = int(json.loads(line)["listening"].rpartition(":")[2])

    def kill(self) -> None:
        """An outage."""
        if self._process is not None:
            self._process.close()

    def call(self, operation: str, **fields: object) -> dict[str, dict[str, str]]:
        """One call as its operator makes it."""
        headers = {"X-Amz-Target": f"TrentService.{operation}"}
        answer = httpx.post(self.url, content=msgspec.json.encode(fields), headers=headers, trust_env=False)
        answer.raise_for_status()
        return dict(answer.json())

    def act(self, operation: str, **fields: object) -> None:
        """Do something to the key."""
        self.call(operation, KeyId=self.key_id, **fields)
