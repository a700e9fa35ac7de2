"""The whole vault over the KMS stand-in: few calls, a key that is switched off, and a stand-in that is killed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session

from payment_core.aws.kms import AwsKeyService
from payment_core.clock import SystemClock
from payment_core.vault.access import Purpose
from payment_core.vault.errors import KeyDisabled, KeyPendingDeletion, KeyUnavailable
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import KeyState
from payment_core.vault.keys.watch import KeyWatch
from payment_core.vault.memory import MemoryAuditTrail, MemoryDataKeyRows, MemoryRecords
from payment_core.vault.numbers.instruments import BankAccount, Card
from payment_core.vault.numbers.sensitive import Pan
from payment_core.vault.records import MoveProgress
from payment_core.vault.reencryption import Reencryption
from payment_core.vault.vault import Vault
from tests.forked import Forked

CARD = Card(Pan("4111111111111111"), 12, 2099)


class StandIn:
    """The program, which can be killed and started again at its port."""

    def __init__(self, state: Path, stack: ExitStack) -> None:
        self._state = state
        self._stack = stack
        self.url = self.start(0)

    def start(self, port: int) -> str:
        command = ["daemon.embedded.kms.program", "--port", str(port), "--state", str(self._state)]
        self._program = self._stack.enter_context(Forked(command))
        line = "" if self._program.stdout is None else self._program.stdout.readline()
        return str(json.loads(line)["listening"])

    def kill(self) -> None:
        """As ``kill -9`` does."""
        self._program.kill()
        self._program.wait()

    def restart(self) -> None:
        """At the same address."""
        self.start(int(self.url.rsplit(":", 1)[1]))


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    with ExitStack() as stack:
        yield StandIn(tmp_path / "kms.json", stack)


class Shop:
    """One process with a vault over the key."""

    def __init__(self, keys: AwsKeyService, records: MemoryRecords) -> None:
        clock, rows = SystemClock(), MemoryDataKeyRows(records)
        self.records = records
        self.told: list[KeyState] = []
        self.batches: list[MoveProgress] = []
        self.watch = KeyWatch(keys, clock, self._note)
        self.cache = DataKeyCache(tenant="acme", service=self.watch, rows=rows, clock=clock)
        self.watch.clears(self.cache)
        fingerprints = Fingerprints(tenant="acme", service=self.watch, rows=rows, cache=self.cache, clock=clock)
        self.vault = Vault(
            tenant="acme",
            cache=self.cache,
            fingerprints=fingerprints,
            records=records,
            rows=rows,
            audit=MemoryAuditTrail(),
            clock=clock,
        )
        self.reencryption = Reencryption(
            tenant="acme",
            cache=self.cache,
            service=self.watch,
            rows=rows,
            inventory=records,
            on_batch=self.batches.append,
        )

    def _note(self, state: KeyState, at_ms: int, detail: str) -> None:
        del at_ms, detail
        self.told.append(state)

    async def read(self, token: str) -> Card | BankAccount:
        """As the card rail does."""
        return await self.vault.detokenize(
            token, role="card_rail", reason="payment", actor="core", purpose=Purpose.AUTHORIZATION
        )


@asynccontextmanager
async def operator(url: str) -> AsyncIterator[Any]:
    """A client of the operator's."""
    async with get_session().create_client("kms", region_name="us-east-1", endpoint_url=url) as client:
        yield client


@asynccontextmanager
async def shop(url: str, key: str, records: MemoryRecords | None = None) -> AsyncIterator[Shop]:
    """A process that uses this key."""
    async with AwsKeyService(key=key, region="us-east-1", endpoint_url=url) as keys:
        yield Shop(keys, MemoryRecords() if records is None else records)


async def new_key(url: str) -> str:
    """The id of a new key."""
    async with operator(url) as client:
        return str((await client.create_key())["KeyMetadata"]["KeyId"])


async def test_a_thousand_cards_at_once_need_two_data_keys(stand_in: StandIn) -> None:
    key = await new_key(stand_in.url)
    async with shop(stand_in.url, key) as process:
        made = await asyncio.gather(*(process.vault.tokenize_card(CARD) for _ in range(1_000)))
        assert process.cache.counts.made == 1
        assert sorted(row.purpose for row in process.records.rows.values()) == ["fingerprint", "records"]
        assert len({one.fingerprint for one in made}) == 1
        async with shop(stand_in.url, key, process.records) as reader:
            opened = await asyncio.gather(*(reader.read(one.token) for one in made[:100]))
            assert reader.cache.counts.opened == 1
    assert all(one == CARD for one in opened)


async def test_a_key_that_is_switched_off_closes_the_vault_and_one_switched_on_opens_it(stand_in: StandIn) -> None:
    key = await new_key(stand_in.url)
    async with shop(stand_in.url, key) as process, operator(stand_in.url) as client:
        made = await process.vault.tokenize_card(CARD)
        await client.disable_key(KeyId=key)
        assert await process.watch.state() is KeyState.DISABLED
        stored = dict(process.records.records)
        with pytest.raises(KeyDisabled):
            await process.vault.tokenize_card(CARD)
        with pytest.raises(KeyDisabled):
            await process.read(made.token)
        await client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        with pytest.raises(KeyPendingDeletion):
            await process.vault.tokenize_card(CARD)
        assert process.records.records == stored
        await client.cancel_key_deletion(KeyId=key)
        await client.enable_key(KeyId=key)
        assert await process.watch.state() is KeyState.ENABLED
        assert await process.read(made.token) == CARD
    assert KeyState.DISABLED in process.told
    assert process.told[-1] is KeyState.ENABLED


async def test_a_stand_in_that_was_killed_opens_afterwards_what_it_sealed(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    key = await new_key(stand_in.url)
    async with shop(stand_in.url, key) as process:
        made = await process.vault.tokenize_card(CARD)
        stand_in.kill()
        assert (await process.vault.tokenize_card(CARD)).fingerprint == made.fingerprint
        assert await process.watch.state() is KeyState.UNAVAILABLE
        process.cache.forget_all()
        with pytest.raises(KeyUnavailable):
            await process.vault.tokenize_card(CARD)
        stand_in.restart()
        assert await process.read(made.token) == CARD
        assert (await process.vault.tokenize_card(CARD)).fingerprint == made.fingerprint


async def test_after_moving_to_another_master_key_the_old_one_is_not_needed(stand_in: StandIn) -> None:
    old, new = await new_key(stand_in.url), await new_key(stand_in.url)
    async with shop(stand_in.url, old) as process:
        made = await process.vault.tokenize_card(CARD)
    async with shop(stand_in.url, new, process.records) as moved, operator(stand_in.url) as client:
        done = await moved.reencryption.rewrap_data_keys("to-the-new-key")
        assert (done.moved, done.damaged) == (2, 0)
        await client.schedule_key_deletion(KeyId=old, PendingWindowInDays=7)
        assert await moved.read(made.token) == CARD
        assert (await moved.vault.tokenize_card(CARD)).fingerprint == made.fingerprint
