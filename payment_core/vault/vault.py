"""The vault: a number goes in and a token comes out; a number comes out only for who may see it, and on record."""

from collections.abc import Mapping

import msgspec

from checks.redaction.card_numbers import mask_card_numbers
from payment_core.clock import Clock
from payment_core.vault.access import (
    DEFAULT_GRANTS,
    AccessPolicy,
    AccessRefused,
    Grant,
    Purpose,
    Refusal,
    VaultAct,
)
from payment_core.vault.errors import (
    AuditUnavailable,
    DataKeyGone,
    DataKeyInUse,
    TokenShredded,
    TokenUnknown,
)
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import DATA_KEY_BYTES
from payment_core.vault.numbers.instruments import BankAccount, Card
from payment_core.vault.ports import AuditTrail, DataKeyRows, VaultRecords
from payment_core.vault.records import BankAccountDetails, CardDetails, DataKeyRow, SealedRecord
from payment_core.vault.sealing import Instrument, account_details, card_details, open_instrument, seal_instrument
from payment_core.vault.tokens import Prefix, is_data_key_id, new_token

SEALING_MARGIN_MS = 120_000
"""After a data key's last moment: clocks of two machines differ, and a write may wait for the store."""

GRANTED = "granted"
UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  # an outcome in the audit trail
SHREDDED = "shredded"


class CardToken(msgspec.Struct, frozen=True):
    """A card that is kept, as it may be shown. fingerprint: equal for equal cards."""

    token: str
    details: CardDetails
    fingerprint: str
    created_at_ms: int


class BankToken(msgspec.Struct, frozen=True):
    """A bank account that is kept, as it may be shown. fingerprint: equal for equal accounts."""

    token: str
    details: BankAccountDetails
    fingerprint: str
    created_at_ms: int


class VaultCounts:
    """What happened since the process started, as plain numbers."""

    __slots__ = ("detokenized", "refused", "shredded", "tokenized")

    def __init__(self) -> None:
        self.tokenized = 0
        self.detokenized = 0
        self.refused = 0
        self.shredded = 0


class Vault:
    """The numbers of one tenant.

    Every method that needs a data key raises KeyDisabled, KeyPendingDeletion, KeyMissing, KeyAccessDenied or
    KeyUnavailable (retryable); nothing was stored then.
    """

    def __init__(
        self,
        *,
        tenant: str,
        cache: DataKeyCache,
        fingerprints: Fingerprints,
        records: VaultRecords,
        rows: DataKeyRows,
        audit: AuditTrail,
        clock: Clock,
        grants: Mapping[str, Grant] = DEFAULT_GRANTS,
    ) -> None:
        self._tenant = tenant
        self._cache = cache
        self._fingerprints = fingerprints
        self._records = records
        self._rows = rows
        self._audit = audit
        self._clock = clock
        self._policy = AccessPolicy(grants, clock)
        self.counts = VaultCounts()

    async def tokenize_card(self, card: Card) -> CardToken:
        """Keep a card; the same card again gets another token with the same fingerprint."""
        fingerprint = await self._fingerprints.of_card(card.pan)
        record = await self._keep(card, "tok", fingerprint)
        return CardToken(record.token, card_details(card), fingerprint, record.created_at_ms)

    async def tokenize_bank_account(self, account: BankAccount) -> BankToken:
        """Keep a bank account; the same account again gets another token with the same fingerprint."""
        fingerprint = await self._fingerprints.of_bank_account(account)
        record = await self._keep(account, "bank", fingerprint)
        return BankToken(record.token, account_details(account), fingerprint, record.created_at_ms)

    async def detokenize(self, token: str, *, role: str, reason: str, actor: str, purpose: Purpose) -> Instrument:
        """The number behind a token, after the audit row is stored.

        Raises AccessRefused, TokenUnknown, TokenShredded, TamperedRecord, and AuditUnavailable (nothing is revealed
        then). Refused and failed attempts are on record too.
        """
        act = self._act("detokenize", token, actor=actor, reason=reason, role=role, purpose=purpose)
        refusal = self._policy.refusal(actor=actor, role=role, purpose=purpose, reason=reason)
        if refusal is not None:
            await self._refuse(act, refusal)
        stored = await self._records.get(token)
        if stored is None or stored.record.tenant != self._tenant:
            await self._record(act, UNKNOWN_TOKEN)
            raise TokenUnknown
        if stored.key is None or stored.data_key is None:
            await self._record(act, SHREDDED)
            raise TokenShredded
        await self._record(act, GRANTED)
        data_key = await self._cache.opening_key(stored.data_key)
        instrument = open_instrument(stored, data_key)
        self.counts.detokenized += 1
        return instrument

    async def shred_data_key(self, data_key_id: str, *, role: str, actor: str, reason: str) -> None:
        """Destroy a data key, and with it every number whose key it seals, after the audit row is stored.

        The numbers are then unreadable wherever their ciphertext still lies, backups included. Raises AccessRefused,
        DataKeyGone, AuditUnavailable, and DataKeyInUse for the key that makes the fingerprints.
        """
        act = self._act("shred_data_key", data_key_id, actor=actor, reason=reason, role=role)
        await self._permit_destroying(act, reason)
        await self._row_of(data_key_id)
        await self._record(act, GRANTED)
        await self._rows.remove(data_key_id, only_unused=False)
        self._cache.forget(data_key_id)

    async def retire_data_key(self, data_key_id: str, *, role: str, actor: str, reason: str) -> None:
        """Destroy a data key that protects nothing any more, after the audit row is stored.

        Raises AccessRefused, DataKeyGone, AuditUnavailable, and DataKeyInUse while it seals a record's key or another
        process may still seal with it.
        """
        act = self._act("retire_data_key", data_key_id, actor=actor, reason=reason, role=role)
        await self._permit_destroying(act, reason)
        row = await self._row_of(data_key_id)
        if self._clock.now_ms() <= row.sealing_ends_at_ms + SEALING_MARGIN_MS:
            raise DataKeyInUse("Its sealing time is not over.")
        await self._record(act, GRANTED)
        if not await self._rows.remove(data_key_id, only_unused=True):
            raise DataKeyInUse("Records are sealed under it; re-encrypt them first.")
        self._cache.forget(data_key_id)

    async def rotate(self) -> str:
        """Seal with a new data key from now on; its id."""
        return await self._cache.rotate()

    async def _keep(self, instrument: Instrument, prefix: Prefix, fingerprint: str) -> SealedRecord:
        token = new_token(prefix)
        try:
            return await self._seal_and_add(instrument, token, fingerprint)
        except DataKeyGone:
            # Another process destroyed the data key while this one still had it in memory; it is forgotten now.
            return await self._seal_and_add(instrument, token, fingerprint)

    async def _seal_and_add(self, instrument: Instrument, token: str, fingerprint: str) -> SealedRecord:
        data_key = await self._cache.sealing_key(DATA_KEY_BYTES)
        record, key = seal_instrument(
            instrument,
            token=token,
            tenant=self._tenant,
            data_key=data_key,
            fingerprint=fingerprint,
            now_ms=self._clock.now_ms(),
        )
        try:
            await self._records.add(record, key)
        except DataKeyGone:
            self._cache.forget(data_key.id)
            raise
        self.counts.tokenized += 1
        return record

    async def _row_of(self, data_key_id: str) -> DataKeyRow:
        row = await self._rows.get(data_key_id)
        if row is None or row.tenant != self._tenant:
            raise DataKeyGone(data_key_id)
        if row.purpose == "fingerprint":
            raise DataKeyInUse("It makes the fingerprints.")
        return row

    async def _permit_destroying(self, act: VaultAct, reason: str) -> None:
        """Raise AccessRefused, with the attempt on record, unless the role may destroy data keys."""
        refusal = self._policy.refusal(actor=act.actor, role=act.role, purpose=None, reason=reason)
        if refusal is not None:
            await self._refuse(act, refusal)

    async def _refuse(self, act: VaultAct, refusal: Refusal) -> None:
        self.counts.refused += 1
        await self._record(act, refusal.value)
        raise AccessRefused(refusal)

    def _act(self, action: str, target: str, *, actor: str, reason: str, role: str = "", purpose: str = "") -> VaultAct:
        return VaultAct(
            at_ms=self._clock.now_ms(),
            action=action,
            target=target if is_data_key_id(target) else mask_card_numbers(target),
            actor=mask_card_numbers(actor),
            role=role,
            purpose=purpose,
            reason=mask_card_numbers(reason),
            outcome="",
        )

    async def _record(self, act: VaultAct, outcome: str) -> None:
        try:
            await self._audit.record(msgspec.structs.replace(act, outcome=outcome))
        except Exception as error:
            raise AuditUnavailable(type(error).__name__) from error
