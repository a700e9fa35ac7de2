"""Seals an instrument under a key of its own, and that key under a data key."""

import secrets

import msgspec

from payment_core.vault.encoding import framed
from payment_core.vault.errors import TamperedRecord, TokenShredded
from payment_core.vault.keys.port import DATA_KEY_BYTES, DataKey, erase
from payment_core.vault.numbers.instruments import AccountType, BankAccount, Card
from payment_core.vault.numbers.sensitive import AccountNumber, Pan
from payment_core.vault.records import (
    SCHEMA,
    BankAccountDetails,
    CardDetails,
    Details,
    KeyMove,
    Kind,
    RecordKey,
    SealedRecord,
    StoredToken,
)

Instrument = Card | BankAccount

_RECORD_KEY = "record-key"


class _CardSecret(msgspec.Struct, frozen=True, tag="card"):
    pan: str
    expiry_month: int
    expiry_year: int
    holder: str

    def __repr__(self) -> str:
        return "_CardSecret(****)"


class _BankAccountSecret(msgspec.Struct, frozen=True, tag="bank_account"):
    routing_number: str
    account_number: str
    account_type: AccountType

    def __repr__(self) -> str:
        return "_BankAccountSecret(****)"


_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[_CardSecret | _BankAccountSecret] = msgspec.msgpack.Decoder(
    _CardSecret | _BankAccountSecret
)


def card_details(card: Card) -> CardDetails:
    """What may be shown of a card."""
    return CardDetails(card.pan.brand.name, card.pan.bin6, card.pan.last4, card.expiry_month, card.expiry_year)


def account_details(account: BankAccount) -> BankAccountDetails:
    """What may be shown of a bank account."""
    return BankAccountDetails(account.routing_number, account.account_number.last4, account.account_type)


def details_of(instrument: Instrument) -> Details:
    """What may be shown of either."""
    return card_details(instrument) if isinstance(instrument, Card) else account_details(instrument)


def seal_instrument(
    instrument: Instrument, *, token: str, tenant: str, data_key: DataKey, fingerprint: str, now_ms: int
) -> tuple[SealedRecord, RecordKey]:
    """The two rows to store. Raises DataKeyErased."""
    kind: Kind = "card" if isinstance(instrument, Card) else "bank_account"
    key = bytearray(secrets.token_bytes(DATA_KEY_BYTES))
    content = DataKey(token, key)
    try:
        record = SealedRecord(
            token=token,
            tenant=tenant,
            kind=kind,
            schema=SCHEMA,
            sealed=content.seal(_ENCODER.encode(_secret_of(instrument)), content_aad(tenant, token, kind, SCHEMA)),
            details=details_of(instrument),
            fingerprint=fingerprint,
            created_at_ms=now_ms,
        )
        sealed_key = data_key.seal(key, key_aad(tenant, token, data_key.id))
    finally:
        content.erase()
    return record, RecordKey(token=token, tenant=tenant, data_key_id=data_key.id, sealed=sealed_key)


def open_instrument(stored: StoredToken, data_key: DataKey) -> Instrument:
    """What was sealed.

    Raises TokenShredded, DataKeyErased, and TamperedRecord, also when what is shown of it was changed.
    """
    record, key = stored.record, stored.key
    if key is None:
        raise TokenShredded(record.token)
    aad = key_aad(record.tenant, record.token, data_key.id)
    content = DataKey(record.token, bytearray(data_key.open(key.sealed, aad)))
    try:
        aad = content_aad(record.tenant, record.token, record.kind, record.schema)
        secret = _DECODER.decode(content.open(record.sealed, aad))
    finally:
        content.erase()
    instrument = _instrument_of(secret)
    if details_of(instrument) != record.details:
        raise TamperedRecord("What is shown of it is not what was sealed.")
    return instrument


def move_key(key: RecordKey, source: DataKey, target: DataKey) -> KeyMove:
    """The record's key under another data key; the record is not touched. Raises TamperedRecord, DataKeyErased."""
    plaintext = bytearray(source.open(key.sealed, key_aad(key.tenant, key.token, source.id)))
    sealed = target.seal(plaintext, key_aad(key.tenant, key.token, target.id))
    erase(plaintext)
    return KeyMove(old=key, new=RecordKey(token=key.token, tenant=key.tenant, data_key_id=target.id, sealed=sealed))


def content_aad(tenant: str, token: str, purpose: str, schema: int) -> bytes:
    """Additional data of a record: it opens as this tenant's, under this token, for this purpose, in this schema."""
    return framed(tenant, token, purpose, str(schema))


def key_aad(tenant: str, token: str, data_key_id: str) -> bytes:
    """Additional data of a record's key: it opens that record alone, under the data key that its row names."""
    return framed(_RECORD_KEY, tenant, token, data_key_id)


def _secret_of(instrument: Instrument) -> _CardSecret | _BankAccountSecret:
    if isinstance(instrument, Card):
        return _CardSecret(instrument.pan.reveal(), instrument.expiry_month, instrument.expiry_year, instrument.holder)
    return _BankAccountSecret(instrument.routing_number, instrument.account_number.reveal(), instrument.account_type)


def _instrument_of(secret: _CardSecret | _BankAccountSecret) -> Instrument:
    if isinstance(secret, _CardSecret):
        return Card(Pan(secret.pan), secret.expiry_month, secret.expiry_year, secret.holder)
    return BankAccount(secret.routing_number, AccountNumber(secret.account_number), secret.account_type)
