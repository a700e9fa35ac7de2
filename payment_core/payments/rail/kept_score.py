"""What a payment keeps of its score, and the score that it stands for."""

import msgspec

from checks.facts import PaymentRequested
from checks.scoring.compile import FraudRules
from checks.scoring.model import Decision, Reading, Score
from payment_core.errors import CoreError
from payment_core.fraud.scorer import FraudDecision
from payment_core.payments.model import Fraud, Payment


class ReadingsUnusable(CoreError):
    """The payment's readings are not those of the rules that scored it."""


_KIND = "payment.requested"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Reading, ...]).decode


def fraud_of(decision: FraudDecision, requested: PaymentRequested) -> Fraud:
    """What is kept: 60 to 150 bytes for 40 rules."""
    score = decision.score
    if score is None:
        return Fraud(decision.decision.value, -1, decision.reasons, "", requested.ip, requested.device_id)
    return Fraud(
        decision.decision.value,
        score.value,
        decision.reasons,
        score.version,
        requested.ip,
        requested.device_id,
        _encode(score.readings),
        score.hard,
        score.allowed,
    )


def recorded(payment: Payment, rules: FraudRules) -> Score:
    """The score of a payment as the rules of its version gave it; raises ReadingsUnusable.

    Its reasons and families are empty: they follow from the readings.
    """
    fraud = payment.fraud
    names = tuple(compiled.rule.id for compiled in rules.rules if compiled.rule.on == _KIND)
    try:
        readings = _decode(fraud.readings)
    except msgspec.DecodeError as error:
        raise ReadingsUnusable(str(error)) from error
    if len(names) != len(readings):
        raise ReadingsUnusable(f"{len(readings)} readings of {len(names)} rules.")
    return Score(
        fact_id=f"{payment.id}.1.requested",
        kind=_KIND,
        subject=payment.id,
        at_ms=payment.created_at_ms,
        now_ms=payment.created_at_ms,
        value=fraud.score,
        band=Decision(fraud.decision),
        decision=Decision(fraud.decision),
        hard=fraud.hard,
        allowed=fraud.allowed,
        rules=names,
        readings=readings,
        version=fraud.version,
    )
