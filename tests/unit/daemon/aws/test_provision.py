"""The vault's key is found by its alias, and made only when nobody has made it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from daemon.aws.provision import NO_SUCH_KEY, ensure_key
from daemon.aws.session import AwsClients
from daemon.errors import AwsFailed

ALIAS = "alias/tillwatch-vault"


class FakeKms:
    """KMS with at most one alias. fault: the code that it answers to every question about a key."""

    def __init__(self, aliases: dict[str, str], fault: str = "") -> None:
        self.aliases = aliases
        self.asked: list[str] = []
        self._fault = fault

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Do one call as AWS would."""
        self.asked.append(operation)
        if operation == "create_key":
            return {"KeyMetadata": {"KeyId": "new-key"}}
        if operation == "create_alias":
            self.aliases[str(arguments["AliasName"])] = str(arguments["TargetKeyId"])
            return {}
        if self._fault:
            raise AwsFailed(self._fault, code=self._fault)
        if arguments["KeyId"] not in self.aliases:
            raise AwsFailed("no such alias", code=NO_SUCH_KEY)
        return {"KeyMetadata": {"KeyId": self.aliases[str(arguments["KeyId"])]}}


class Clients:
    """Gives out the one client."""

    def __init__(self, kms: FakeKms) -> None:
        self._kms = kms

    @asynccontextmanager
    async def client(self, service: str) -> AsyncIterator[FakeKms]:
        """The client of KMS."""
        assert service == "kms"
        yield self._kms


def clients(kms: FakeKms) -> AwsClients:
    return cast("AwsClients", Clients(kms))


async def test_a_key_that_is_there_stays_the_vaults_key() -> None:
    kms = FakeKms({ALIAS: "old-key"})
    assert await ensure_key(clients(kms), ALIAS) == "old-key"
    assert kms.asked == ["describe_key"]


async def test_a_missing_key_is_made_once() -> None:
    kms = FakeKms({})
    assert await ensure_key(clients(kms), ALIAS) == "new-key"
    assert await ensure_key(clients(kms), ALIAS) == "new-key"
    assert kms.asked.count("create_key") == 1


async def test_a_key_that_cannot_be_looked_up_is_not_taken_for_missing() -> None:
    kms = FakeKms({ALIAS: "old-key"}, fault="AccessDeniedException")
    with pytest.raises(AwsFailed, match="AccessDenied"):
        await ensure_key(clients(kms), ALIAS)
    assert "create_key" not in kms.asked
