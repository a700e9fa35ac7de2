"""Compliance cases: what a person decided, and what that does to the provider it is about."""

from enum import StrEnum

from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.origin import Origin
from payment_core.providers.model import ComplianceCase, Provider
from payment_core.providers.refusals import ProviderRefusal
from payment_core.providers.requests import DecisionRequest
from payment_core.providers.screening import SUSPENDED_BY_SCREENING
from payment_core.providers.views import case_view
from payment_core.store.port import LedgerStore, Transaction

CONFIRMED_CASE = "confirmed compliance case"
"""Stays, whatever other cases come to, until somebody reinstates the provider."""


class CaseDesk:
    """The operations."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One case."""
        missing = ProviderRefusal.CASE_NOT_FOUND
        return await answer_one(self._store, ComplianceCase, call.path["case_id"], case_view, missing)

    async def list(self, call: Call, _body: None) -> Answer | StrEnum:
        """A page of cases, all or those about one object."""
        owner = str(call.query["subject_id"])
        return await answer_page(self._store, call, ComplianceCase, case_view, owner=owner)

    async def decide(self, call: Call, body: DecisionRequest) -> Answer | StrEnum:
        """Close a case, once; a provider is active again when its last case was cleared."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            case = transaction.get(ComplianceCase, call.path["case_id"])
            if case is None:
                return ProviderRefusal.CASE_NOT_FOUND
            if case.status != "open":
                return ProviderRefusal.CASE_DECIDED
            after = next_of(case, transaction.now_ms, status=body.decision, decided_by=call.actor, note=body.note)
            record_change(transaction, self._origin, after, status=after.status, previous_status=case.status)
            provider = transaction.get(Provider, case.subject_id)
            if provider is not None and case.id in provider.case_ids:
                self._follow(transaction, provider, after)
            return ok(case_view(after))

        return await perform_once(self._store, "compliance_case.decide", call, work)

    def _follow(self, transaction: Transaction, provider: Provider, case: ComplianceCase) -> None:
        left = tuple(case_id for case_id in provider.case_ids if case_id != case.id)
        status, reason = provider.status, provider.suspended_for
        if case.status == "confirmed" and status != "closed":
            status, reason = "suspended", CONFIRMED_CASE
        elif not left and status != "closed" and reason in {"", SUSPENDED_BY_SCREENING}:
            status, reason = "active", ""
        after = next_of(provider, transaction.now_ms, case_ids=left, status=status, suspended_for=reason)
        record_change(transaction, self._origin, after, status=status, previous_status=provider.status)
