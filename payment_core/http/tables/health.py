"""The routes of the self-checks and of the health payment; ``/readyz`` says whether payments are taken at all."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType

from payment_core.answers import Answer
from payment_core.health.checking import HealthCheckView, SelfChecks
from payment_core.health.payments import HealthPayments, HealthPaymentView, TakeHealthPayment
from payment_core.health.reconciliation import Reconciliation, ReconciliationView
from payment_core.health.tokens import SealedTestCard, SealTestCard, TokenCheck, TokenSealing, TokensView
from payment_core.http.routes import QueryParameter, Route
from payment_core.operations.call import Call
from payment_core.operations.once import explain_once

HEALTH_PROBE = "health:probe"

CHECKS = MappingProxyType(
    {
        "fraud-detector": "Score a blameless request without counting it",
        "ach-transfer-manager": "Build a NACHA file of one batch, validate it, and throw it away",
        "escrow-manager": "Hold every escrow against the ledger, and find timers that are stuck",
        "encryption": "Make a data key, seal and open with it, and decrypt it again",
        "audit-trail": "What the core's own verification of its audit trail last found",
        "compliance": "Redaction of logs, sealed numbers, keys that may do everything, ACH return rates",
    }
)
"""What can be checked, by component."""


def health_routes(
    payments: HealthPayments,
    checks: SelfChecks,
    reconciliation: Reconciliation,
    tokens: TokenCheck,
    sealing: TokenSealing,
) -> tuple[Route, ...]:
    """One route for each check, one that pays, and three that hold releases against each other."""
    return (
        Route(
            method="POST",
            path="/v1/health/payments",
            scope=HEALTH_PROBE,
            summary="Authorize and void one dollar; it counts in no rate and costs nothing",
            handler=payments.take,
            body=TakeHealthPayment,
            answer=HealthPaymentView,
            problems=(409,),
            explain=explain_once,
            example=TakeHealthPayment(),
        ),
        Route(
            method="GET",
            path="/v1/health/reconciliation",
            scope=HEALTH_PROBE,
            summary="Hold the newest payments of each release against what the rail says of them",
            handler=reconciliation.answer,
            answer=ReconciliationView,
        ),
        Route(
            method="GET",
            path="/v1/health/tokens",
            scope=HEALTH_PROBE,
            summary="Open keys of stored cards and accounts, data key by data key; no number is opened",
            handler=tokens.answer,
            query=(QueryParameter("token", "only this one"),),
            answer=TokensView,
        ),
        Route(
            method="POST",
            path="/v1/health/tokens",
            scope=HEALTH_PROBE,
            summary="Seal the test card, for another release to open; it is nobody's and destroyed within two hours",
            handler=sealing.seal,
            body=SealTestCard,
            answer=SealedTestCard,
            problems=(409,),
            explain=explain_once,
            example=SealTestCard(),
        ),
        *(
            Route(
                method="GET",
                path=f"/v1/health/{component.replace('-', '_')}",
                scope=HEALTH_PROBE,
                summary=summary,
                handler=_asking(checks, component),
                answer=HealthCheckView,
            )
            for component, summary in CHECKS.items()
        ),
    )


def _asking(checks: SelfChecks, component: str) -> Callable[[Call, None], Awaitable[Answer]]:
    async def ask(call: Call, _body: None) -> Answer:
        return await checks.answer(component, call)

    return ask
