"""Every kind of record that a payment store holds."""

from payment_core.ach.files.incoming.model import RETURN_RECORDS
from payment_core.ach.files.model import FILE_RECORDS
from payment_core.audit.progress import RECORDS as AUDIT_RECORDS
from payment_core.costs.notes import RECORDS as COST_RECORDS
from payment_core.customers.model import RECORDS as CUSTOMER_RECORDS
from payment_core.escrow.model import RECORDS as ESCROW_RECORDS
from payment_core.fraud.list_model import RECORDS as FRAUD_LIST_RECORDS
from payment_core.fraud.rule_sets import RULE_RECORDS
from payment_core.keys.model import RECORDS as KEY_RECORDS
from payment_core.ledger.posting import Hold
from payment_core.methods.model import RECORDS as METHOD_RECORDS
from payment_core.migration.model import RECORDS as MIGRATION_RECORDS
from payment_core.migration.reconciling.model import RECONCILIATION_RECORDS
from payment_core.migration.running.model import RUNNING_RECORDS
from payment_core.operations.once import KeyRecord
from payment_core.payments.model import RECORDS as PAYMENT_RECORDS
from payment_core.payouts.model import RECORDS as PAYOUT_RECORDS
from payment_core.providers.model import RECORDS as PROVIDER_RECORDS
from payment_core.store.records import Record
from payment_core.store.stage import Registry
from payment_core.webhooks.model import RECORDS as WEBHOOK_RECORDS

RECORD_TYPES: tuple[type[Record], ...] = (
    KeyRecord,
    Hold,
    *AUDIT_RECORDS,
    *PAYMENT_RECORDS,
    *METHOD_RECORDS,
    *PROVIDER_RECORDS,
    *ESCROW_RECORDS,
    *PAYOUT_RECORDS,
    *FILE_RECORDS,
    *RETURN_RECORDS,
    *KEY_RECORDS,
    *WEBHOOK_RECORDS,
    *COST_RECORDS,
    *FRAUD_LIST_RECORDS,
    *RULE_RECORDS,
    *CUSTOMER_RECORDS,
    *MIGRATION_RECORDS,
    *RECONCILIATION_RECORDS,
    *RUNNING_RECORDS,
)


def core_registry() -> Registry:
    """A registry of all of them."""
    return Registry(RECORD_TYPES)
