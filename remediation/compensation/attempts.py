"""What payers tried on a release, folded from the events of the payment core."""

from collections.abc import Iterable

from msgspec.structs import replace

from checks.facts import Fact, PaymentAttempted, PaymentRequested
from remediation.compensation.model import Attempt


def attempts_of(facts: Iterable[Fact]) -> dict[str, Attempt]:
    """The attempts by payment id, whatever the order of the facts; ``told`` stays empty while no fact tells an end."""
    found: dict[str, Attempt] = {}
    for fact in facts:
        if isinstance(fact, PaymentRequested | PaymentAttempted):
            found[fact.subject] = _with(found.get(fact.subject), fact)
    return found


def _with(known: Attempt | None, fact: PaymentRequested | PaymentAttempted) -> Attempt:
    told = fact.outcome if isinstance(fact, PaymentAttempted) else ""
    if known is None:
        return Attempt(
            payment_id=fact.subject,
            at_ms=fact.at_ms,
            told=told,
            amount_cents=fact.amount_cents,
            currency=fact.currency,
            environment=fact.environment,
            version=fact.version,
            customer_id=fact.customer_id,
            provider_id=fact.provider_id,
            method=fact.method_fingerprint,
        )
    if not told or fact.at_ms < known.at_ms:
        # The request says less than the end, whichever of them came first.
        return known if known.told else replace(known, told=told, at_ms=max(known.at_ms, fact.at_ms))
    return replace(known, told=told, at_ms=fact.at_ms, environment=fact.environment, version=fact.version)
