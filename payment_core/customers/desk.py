"""Operations on customers: a profile is written whole, under the id that payments name, and blanked for good."""

from enum import StrEnum

import msgspec

from payment_core.answers import Answer, ok
from payment_core.customers.model import Customer
from payment_core.customers.refusals import CustomerRefusal
from payment_core.customers.requests import ProfileRequest
from payment_core.customers.views import customer_view
from payment_core.methods.concealing import misplaced_number
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction


class CustomerDesk:
    """The operations."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One profile, also a deleted one."""
        missing = CustomerRefusal.CUSTOMER_NOT_FOUND
        return await answer_one(self._store, Customer, call.path["customer_id"], customer_view, missing)

    async def list(self, call: Call, _body: None) -> Answer:
        """A page of profiles."""
        return await answer_page(self._store, call, Customer, customer_view)

    async def write(self, call: Call, body: ProfileRequest) -> Answer | StrEnum:
        """Write the profile of a customer, new or known; what other processors told beside it stays."""
        fields = msgspec.structs.asdict(body)
        misplaced = misplaced_number(call.instance, {f"$.{name}": text for name, text in fields.items()})
        if misplaced is not None:
            return misplaced
        customer_id = call.path["customer_id"]

        def work(transaction: Transaction) -> Answer | StrEnum:
            known = transaction.get(Customer, customer_id)
            now_ms = transaction.now_ms
            if known is not None and known.deleted_at_ms > 0:
                return CustomerRefusal.CUSTOMER_DELETED
            if known is None:
                after = Customer(id=customer_id, created_at_ms=now_ms, updated_at_ms=now_ms, since_ms=now_ms, **fields)
            else:
                after = next_of(known, now_ms, **fields)
            record_change(transaction, self._origin, after, status="active")
            return ok(customer_view(after))

        return await perform_once(self._store, "customer.write", call, work)

    async def delete(self, call: Call, _body: None) -> Answer | StrEnum:
        """Blank the profile; the id stays, because payments and the audit trail name it."""
        customer_id = call.path["customer_id"]

        def work(transaction: Transaction) -> Answer | StrEnum:
            known = transaction.get(Customer, customer_id)
            if known is None:
                return CustomerRefusal.CUSTOMER_NOT_FOUND
            if known.deleted_at_ms > 0:
                return CustomerRefusal.CUSTOMER_DELETED
            after = Customer(
                id=customer_id,
                version=known.version + 1,
                created_at_ms=known.created_at_ms,
                updated_at_ms=transaction.now_ms,
                since_ms=known.since_ms,
                deleted_at_ms=transaction.now_ms,
            )
            record_change(transaction, self._origin, after, status="deleted", previous_status="active")
            return ok(customer_view(after))

        return await perform_once(self._store, "customer.delete", call, work)
