"""What requests about providers, bank accounts and cases look like."""

from typing import Annotated, Literal

import msgspec

from payment_core.operations.bodies import Identifier, Sentence
from payment_core.providers.model import AccountClass, AccountType, HolderKind, PayoutSchedule

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Person = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,128}$")]
People = Annotated[tuple[Person, ...], msgspec.Meta(max_length=50)]
MinimumCents = Annotated[int, msgspec.Meta(ge=1, le=99_999_999, description="Minor units, never a float")]


class ProviderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Somebody to pay. people: who belongs to it, as API keys name them (``key:alice``)."""

    name: Name
    payout_schedule: PayoutSchedule = "daily"
    minimum_payout_cents: MinimumCents = 2_000
    people: People = ()


class ProviderUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What to change; what is left out stays. default_bank_account_id: a verified account of the provider."""

    name: Name | None = None
    payout_schedule: PayoutSchedule | None = None
    minimum_payout_cents: MinimumCents | None = None
    people: People | None = None
    default_bank_account_id: Identifier | None = None


class DecisionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person decided about a case. cleared: nothing is wrong; confirmed: it is what it looked like."""

    decision: Literal["cleared", "confirmed"]
    note: Sentence


class _Numbered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The part of a request that holds an account number, which is in no repr."""

    routing_number: Annotated[str, msgspec.Meta(max_length=9, description="nine digits of the ABA number")]
    account_number: Annotated[str, msgspec.Meta(max_length=17, description="1 to 17 letters, digits and hyphens")]
    account_type: AccountType
    account_class: AccountClass

    def __repr__(self) -> str:
        """Without the number."""
        return f"{type(self).__name__}(routing_number={self.routing_number!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """As repr."""
        return [("routing_number", self.routing_number)]


class BankAccountRequest(_Numbered, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bank account of a provider or of a customer. account_class: personal or company."""

    holder_kind: HolderKind
    holder_id: Identifier
    holder_name: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"[A-Za-z]")]


class ReplacementRequest(_Numbered, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another number for the same bank account, which has to be verified anew."""


class VerificationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to verify: by two small credits whose amounts the holder reads, or by a zero-dollar entry."""

    method: Literal["micro", "prenote"]


MicroCents = Annotated[int, msgspec.Meta(ge=1, le=99)]


class GuessRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two amounts in any order, in cents."""

    amounts_cents: Annotated[tuple[MicroCents, ...], msgspec.Meta(min_length=2, max_length=2)]
