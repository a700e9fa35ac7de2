"""A card of the transfer file as the vault takes it, and what of it has to be the same on both sides."""

from typing import cast

import msgspec

from checks.redaction.card_numbers import holds_card_number
from payment_core.methods.model import PaymentMethod
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.payment_method import PaymentMethod as Exported
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import Refused
from payment_core.migration.jobs.texts import text
from payment_core.vault.numbers.instruments import HOLDER_CHARACTERS_MAX, Card, card_of
from payment_core.vault.numbers.problems import CardProblem, card_sentence

CARD = "card"


def card_in(record: Record) -> Card | Refused:
    """The card, or why it cannot move. It is judged at the time of the export: a card expires to its month's end."""
    body = cast("Exported", record.body)
    if text(body.customer) == "":
        return Refused(record, "detached", "It belongs to no customer any more.")
    if body.type != CARD:
        return Refused(record, "not_a_card", f"It is of the type {body.type:.40}; only cards have a number to move.")
    if body.number is None:
        return Refused(record, "no_number", "Its number is not in the export; it has to come in a transfer file.")
    card = card_of(
        number=body.number.reveal(),
        expiry_month=body.exp_month,
        expiry_year=body.exp_year,
        now_ms=record.occurred_at_ms,
    )
    if isinstance(card, CardProblem):
        return Refused(record, card.value, card_sentence(card))
    if text(body.last4) not in {"", card.pan.last4}:
        return Refused(record, "last4_differs", "Its last four digits are not those of its number.")
    return Card(card.pan, card.expiry_month, card.expiry_year, holder_of(body.name))


def holder_of(name: str | None) -> str:
    """The holder as it is sealed; empty when it is none, which no rail asks for."""
    trimmed = text(name).strip()[:HOLDER_CHARACTERS_MAX]
    return "" if holds_card_number(trimmed) else trimmed


def kept_of(body: Exported) -> bytes:
    """What has no place in a payment method here, as JSON. No number, no name, no address: those are sealed or gone."""
    found = {
        "created": body.created,
        "fingerprint": body.fingerprint,
        "funding": body.funding,
        "is_default": body.is_default,
        "metadata": body.metadata,
        "network_transaction_id": body.network_transaction_id,
    }
    return msgspec.json.encode({name: value for name, value in found.items() if value}, order="sorted")


def exported_core(body: Exported, card: Card, fingerprint: str) -> str:
    """The hash of what has to be here, from the export. The fingerprint is keyed, so the hash tells nobody a number."""
    expiry = (body.exp_year, body.exp_month)
    return digest_of(
        body.customer, fingerprint, expiry, card.pan.last4, holder_of(body.name), text(body.address.country)
    )


def stored_core(method: PaymentMethod, card: Card, fingerprint: str) -> str:
    """The same from the store: the method, and what was sealed, opened again. Both of them have to say the same."""
    if (method.expiry_year, method.expiry_month) != (card.expiry_year, card.expiry_month):
        return "the sealed expiry is another"
    if method.fingerprint != fingerprint:
        return "the sealed number is another"
    expiry = (card.expiry_year, card.expiry_month)
    return digest_of(method.customer_id, fingerprint, expiry, method.last4, card.holder, method.country)
