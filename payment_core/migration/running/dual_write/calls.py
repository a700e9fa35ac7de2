"""What is to be sent to the old processor for one object that changed here."""

from enum import StrEnum
from typing import Literal

import msgspec

from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.links import Known
from payment_core.migration.running.model import OldCall, OldPlace, OldWrite, Verb
from payment_core.migration.running.old_shape import (
    account_number_fields,
    card_fields,
    changeable,
    customer_fields,
    is_gone,
    key_of,
    provider_fields,
)
from payment_core.providers.model import BankAccount, Provider

Subject = Customer | PaymentMethod | BankAccount | Provider | None
"""The document as it is now; None where there is none, as of a customer of whom only the id is known."""


class NoCall(StrEnum):
    """Why nothing is sent.

    nothing_to_tell: the old processor never had it, or need not know. owner_first: its owner is not there yet.
    """

    NOTHING_TO_TELL = "nothing_to_tell"
    OWNER_FIRST = "owner_first"


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a call follows from. known: where the object is there. owner: where its owner is there, None for nowhere.

    has_other_number: the number there is not the one that the object has now.
    """

    write: OldWrite
    subject: Subject
    known: Known | None = None
    owner: OldPlace | None = None
    has_other_number: bool = False


def call_for(situation: Situation) -> OldCall | NoCall:
    """The one call that comes next for the object, or why there is none."""
    write, subject = situation.write, situation.subject
    if write.left is not None:
        key = _key(write, write.version, "delete", f"-{write.left.id}")
        return OldCall(key=key, verb="delete", version=write.version, place=write.left)
    if isinstance(subject, Customer) and is_gone(subject):
        return _gone_call(situation, subject.version)
    if isinstance(subject, Customer) or write.object_kind == "customer":
        customer = subject if isinstance(subject, Customer) else None
        return _owner_call(situation, customer_fields(write.object_id, customer), write.version)
    if subject is None:
        return NoCall.NOTHING_TO_TELL
    if isinstance(subject, Provider):
        return _owner_call(situation, provider_fields(subject), subject.version)
    return _number_call(situation, subject)


def owner_of(subject: PaymentMethod | BankAccount) -> tuple[Literal["customer", "account"], str]:
    """Under whom it is there: kind, and our id."""
    if isinstance(subject, PaymentMethod):
        return "customer", subject.customer_id
    return ("account" if subject.holder_kind == "provider" else "customer"), subject.holder_id


def _owner_call(situation: Situation, fields: dict[str, str], version: int) -> OldCall:
    write, known = situation.write, situation.known
    verb: Literal["create", "update"] = "create" if known is None else "update"
    return OldCall(
        key=_key(write, version, verb),
        verb=verb,
        version=version,
        place=OldPlace(kind=write.object_kind) if known is None else known.place,
        fields=fields if known is None else changeable(write.object_kind, fields),
    )


def _gone_call(situation: Situation, version: int) -> OldCall | NoCall:
    write, known = situation.write, situation.known
    if known is None:
        return NoCall.NOTHING_TO_TELL
    key = _key(write, version, "delete")
    return OldCall(key=key, verb="delete", version=version, place=known.place)


def _number_call(situation: Situation, subject: PaymentMethod | BankAccount) -> OldCall | NoCall:
    write, known = situation.write, situation.known
    kind = write.object_kind
    if is_gone(subject):
        return _gone_call(situation, subject.version)
    fields = card_fields(subject) if isinstance(subject, PaymentMethod) else account_number_fields(subject)
    if known is not None and not situation.has_other_number:
        return OldCall(
            key=_key(write, subject.version, "update"),
            verb="update",
            version=subject.version,
            place=known.place,
            fields=changeable(kind, fields),
        )
    if situation.owner is None:
        return NoCall.OWNER_FIRST
    owner_kind, _ = owner_of(subject)
    return OldCall(
        key=_key(write, subject.version, "create"),
        verb="create",
        version=subject.version,
        place=OldPlace(kind=kind, owner_kind=owner_kind, owner_id=situation.owner.id),
        fields=fields,
        token=subject.id if isinstance(subject, PaymentMethod) else subject.token,
        replaces=None if known is None else known.place,
        made=write.made if write.made_version == subject.version else "",
    )


def _key(write: OldWrite, version: int, verb: Verb, more: str = "") -> str:
    return key_of(write.object_kind, f"{write.object_id}{more}", version, verb, write.refusals)
