"""The self-checks of one process, over the parts that do the real work."""

from checks.scoring.engine import ScoringEngine
from payment_core.assembly.settings import CoreSettings
from payment_core.assembly.stores import OpenStore
from payment_core.assembly.vaulting import TENANT, Vaulting
from payment_core.clock import Clock
from payment_core.fraud.scorer import FraudCounts
from payment_core.health.ach import AchCheck
from payment_core.health.audit_trail import AuditTrailCheck
from payment_core.health.checking import SelfChecks
from payment_core.health.compliance import ComplianceCheck
from payment_core.health.encryption import EncryptionCheck
from payment_core.health.escrows import EscrowCheck
from payment_core.health.fraud import FraudCheck
from payment_core.health.payments import HealthPayments
from payment_core.health.reconciliation import Rail, Reconciliation
from payment_core.health.tokens import TokenCheck, TokenSealing
from payment_core.http.routes import Route
from payment_core.http.tables.health import health_routes
from payment_core.logs import written
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.payments.desk import Desk


def self_check_routes(
    *,
    options: CoreOptions,
    settings: CoreSettings,
    opened: OpenStore,
    vaulting: Vaulting,
    engine: ScoringEngine,
    fraud: FraudCounts,
    desk: Desk,
    rail: Rail,
    origin: Origin,
    clock: Clock,
) -> tuple[Route, ...]:
    """The routes below ``/v1/health``."""
    store = opened.store
    checks = SelfChecks(
        {
            "fraud-detector": FraudCheck(engine, settings.names, fraud, clock),
            "ach-transfer-manager": AchCheck(settings.ach, clock),
            "escrow-manager": EscrowCheck(store, store),
            "encryption": EncryptionCheck(vaulting.watch, clock),
            "audit-trail": AuditTrailCheck(store, clock, options.audit_every_ms),
            "compliance": ComplianceCheck(store, written, kms=options.kms_key != ""),
        },
        origin,
        clock,
    )
    return health_routes(
        HealthPayments(store, desk, origin),
        checks,
        Reconciliation(store, rail, clock),
        TokenCheck(StoredDataKeys(store), StoredVaultRecords(store), vaulting.cache, TENANT, origin),
        TokenSealing(store, vaulting.vault, origin),
    )
