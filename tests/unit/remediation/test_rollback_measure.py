"""How long a rollback took and what went through meanwhile, from the journal and the payments."""

from msgspec.structs import replace

from checks.facts import Fact, PaymentAttempted
from remediation.decisions import OutcomeStatus
from remediation.rollback_measure import measure, seconds_of
from remediation.state import ActionState
from tests.unit.remediation.worlds import NOW_MS, release


def paid(after_ms: int, outcome: str = "succeeded", **more: object) -> PaymentAttempted:
    known: dict[str, object] = {
        "id": f"evt-{after_ms}-{outcome}",
        "at_ms": NOW_MS + after_ms,
        "subject": f"pay_{after_ms}",
        "rail": "card",
        "amount_cents": 1000,
        "environment": "green",
        "version": "2.0.0",
        "outcome": outcome,
    }
    return PaymentAttempted(**(known | more))  # type: ignore[arg-type]  # the tests give the right types


def rolled_back(**changes: object) -> ActionState:
    """Evidence after 900 ms, the decision 20 ms later, the call 30 ms after that, seen within 45 ms."""
    action = ActionState(
        decision_id="dec-1",
        sequence=7,
        action="rollback.traffic",
        target="dns:payments.tillwatch.test",
        key="k",
        arguments={"deployment_id": "dep-1"},
        cause_at_ms=NOW_MS + 900,
        decided_at_ms=NOW_MS + 920,
        called_at_ms=NOW_MS + 950,
        status=OutcomeStatus.VERIFIED,
        verified_ms=45.0,
    )
    return replace(action, **changes)


FACTS: list[Fact] = [
    paid(-500),
    paid(0, "failed"),
    paid(300),
    paid(400, "failed", version="1.0.0", environment="blue"),
    paid(900, "failed", amount_cents=2500),
    paid(1800),
]


def test_every_stage_counts_from_the_first_payment_that_the_release_failed() -> None:
    measured = measure(release(), rolled_back(), FACTS)
    assert measured is not None
    assert seconds_of(measured) == {
        "evidence": 0.9,
        "decision": 0.92,
        "command": 0.95,
        "verified": 0.995,
        "last_payment": 1.8,
    }
    assert (measured.exposed_payments, measured.exposed_cents) == (4, 5500)
    assert (measured.failed_payments, measured.failed_cents) == (2, 3500)


def test_a_release_that_is_slow_and_fails_nothing_is_bad_from_its_first_payment() -> None:
    measured = measure(release(), rolled_back(), [paid(-500), paid(300)])
    assert measured is not None
    assert (measured.onset_at_ms, measured.failed_payments, measured.exposed_payments) == (NOW_MS - 500, 0, 2)


def test_without_a_payment_the_evidence_is_the_onset_and_no_last_payment_is_claimed() -> None:
    measured = measure(release(), rolled_back(), [])
    assert measured is not None
    assert measured.onset_at_ms == measured.evidence_at_ms
    assert "last_payment" not in seconds_of(measured)


def test_what_was_not_verified_or_never_sent_is_not_measured() -> None:
    assert measure(release(), rolled_back(status=OutcomeStatus.UNVERIFIED), FACTS) is None
    assert measure(release(), rolled_back(status=OutcomeStatus.ALREADY_DONE, called_at_ms=0), FACTS) is None
