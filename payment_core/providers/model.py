"""What is kept of a provider, of a bank account, and of a case that a person has to decide."""

from typing import Literal

from payment_core.store.records import Document, Record

ProviderStatus = Literal["active", "needs_review", "suspended", "closed"]
PayoutSchedule = Literal["daily", "weekly", "manual"]
AccountType = Literal["checking", "savings"]
AccountClass = Literal["personal", "company"]
HolderKind = Literal["provider", "customer"]
BankAccountStatus = Literal["unverified", "micro_pending", "prenote_pending", "verified", "failed", "disabled"]
CaseKind = Literal["name_match", "name_possible", "currency_threshold", "account_frozen"]
CaseStatus = Literal["open", "cleared", "confirmed"]


class Provider(Document, frozen=True, gc=False, kw_only=True, tag="provider"):
    """Somebody who is paid.

    people: who belongs to the provider, as the audit trail names them (``key:alice``); none of them approves money for
    it. suspended_for: why it is suspended, empty unless it is. case_ids: open cases about it. minimum_payout_cents:
    less waits for more. payout_schedule: manual is when somebody asks.
    bank_account_changed_at_ms: when the account that payouts go to became another one, 0 when there is none.
    """

    name: str
    status: ProviderStatus
    suspended_for: str = ""
    case_ids: tuple[str, ...] = ()
    default_bank_account_id: str = ""
    bank_account_changed_at_ms: int = 0
    payout_schedule: PayoutSchedule = "daily"
    minimum_payout_cents: int = 2_000
    people: tuple[str, ...] = ()


class BankAccount(Document, frozen=True, gc=False, kw_only=True, tag="bank_account"):
    """A US bank account; the number itself is in the vault alone.

    token: of the vault, ``bank_`` and 26 characters. fingerprint: equal for equal accounts. disabled_code: the NACHA
    R-code that ended it, or ``closed``. changed_at_ms: when it was added or its number, bank or type became another.
    micro_hash: keyed hash of the two amounts; the amounts themselves are not kept here. micro_attempts: guesses made.
    entry_ids: of the micro-entries or the prenote under way, settled_entry_ids: those of them that have settled.
    deadline_at_ms: when micro-entries expire, or a prenote that nobody returned counts as accepted; 0 for neither.
    correction_code: of the last notification of change that was applied.
    """

    holder_id: str
    holder_kind: HolderKind
    holder_name: str
    token: str
    fingerprint: str
    routing_number: str
    last4: str
    account_type: AccountType
    account_class: AccountClass
    status: BankAccountStatus = "unverified"
    disabled_code: str = ""
    verified_at_ms: int = 0
    changed_at_ms: int
    micro_hash: str = ""
    micro_attempts: int = 0
    entry_ids: tuple[str, ...] = ()
    settled_entry_ids: tuple[str, ...] = ()
    deadline_at_ms: int = 0
    correction_code: str = ""

    @property
    def owner(self) -> str:
        """Its holder."""
        return self.holder_id

    @property
    def due_at_ms(self) -> int:
        """When the sweep has to end its verification."""
        return self.deadline_at_ms if self.status in {"micro_pending", "prenote_pending"} else 0


class ComplianceCase(Document, frozen=True, gc=False, kw_only=True, tag="compliance_case"):
    """Something that a person has to look at: a name on a list, a large sum, an account that its bank froze.

    subject_id: the provider, escrow or bank account. detail: what was seen, without account numbers. decided_by, note:
    of the person who closed it.
    """

    case_kind: CaseKind
    subject_id: str
    status: CaseStatus = "open"
    detail: str = ""
    amount_cents: int = 0
    decided_by: str = ""
    note: str = ""

    @property
    def owner(self) -> str:
        """What it is about."""
        return self.subject_id


class TokenLink(Record, frozen=True, gc=False, kw_only=True, tag="token_link"):
    """Which bank account a token of the vault stands for; its id is the token."""

    bank_account_id: str


RECORDS: tuple[type[Record], ...] = (Provider, BankAccount, ComplianceCase, TokenLink)
