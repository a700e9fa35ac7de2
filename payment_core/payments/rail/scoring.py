"""Before a payment begins: what is known of it is put into one fact and scored, once for each request."""

import hashlib
import hmac
import re

from msgspec.structs import replace

from checks.facts import PaymentRequested
from payment_core.fraud.scorer import FraudDecision
from payment_core.identifiers import new_id
from payment_core.operations.call import Call
from payment_core.operations.once import KEPT_MS
from payment_core.origin import Origin
from payment_core.payments.ports import EmailHasher, FraudScorer, Method
from payment_core.payments.requests import CreatePayment, PaymentContext

REMEMBERED_MAX = 10_000
"""Requests whose score is remembered, so that a repeated one is not counted again: two seconds' worth at full load."""

_NO_CONTEXT = PaymentContext()
_HEADLESS = re.compile(r"headless|phantomjs|puppeteer|playwright|selenium|python-requests|curl/", re.IGNORECASE)

Scored = tuple[PaymentRequested, FraudDecision]


class KeyedEmailHash:
    """HMAC-SHA256 of the address in small letters, so that nobody without the key can try addresses."""

    def __init__(self, key: bytes | bytearray) -> None:
        self._key = key

    def hash_email(self, address: str) -> str:
        """The first 128 bits, in hexadecimal."""
        return hmac.new(self._key, address.strip().lower().encode(), hashlib.sha256).hexdigest()[:32]


class RequestScores:
    """Scores requests; the same key with the same body gets the decision it had, also while the first still runs."""

    def __init__(self, *, scorer: FraudScorer, origin: Origin, emails: EmailHasher) -> None:
        self._scorer = scorer
        self._origin = origin
        self._emails = emails
        self._scored: dict[tuple[str, bytes], Scored] = {}

    def score(self, call: Call, body: CreatePayment, method: Method, now_ms: int) -> Scored:
        """The fact of the request, whose subject is the payment's id, and the decision."""
        request = (call.key, call.request_hash)
        known = self._scored.get(request)
        # Once its key may be forgotten, the same request is another payment, with an id and a score of its own.
        if known is not None and now_ms < known[0].at_ms + KEPT_MS:
            return known
        if len(self._scored) >= REMEMBERED_MAX:
            self._scored.pop(next(iter(self._scored)))
        requested = self.requested(body, method, now_ms)
        decision = self._scorer.score(requested, now_ms)
        if decision.score is None:
            # The daemon has to hear of it: payers see a review and no fault.
            requested = replace(requested, scored=False)
        scored = (requested, decision)
        self._scored[request] = scored
        return scored

    def requested(self, body: CreatePayment, method: Method, now_ms: int) -> PaymentRequested:
        """The fact of a request, unscored; its subject is a new payment's id."""
        payment_id = new_id("pay", now_ms)
        context = _NO_CONTEXT if body.context is None else body.context
        email = context.email
        return PaymentRequested(
            id=f"{payment_id}.1.requested",
            at_ms=now_ms,
            subject=payment_id,
            region=self._origin.region,
            environment=self._origin.environment,
            version=self._origin.release,
            rail=method.rail,
            amount_cents=body.amount.amount_cents,
            currency=body.amount.currency,
            customer_id=body.customer_id,
            customer_type=context.customer_type,
            provider_id=body.provider_id,
            method_fingerprint=method.fingerprint,
            bin=method.bin,
            card_country=method.country,
            billing_country=context.billing_country,
            ip=context.ip,
            ip_country=context.ip_country,
            ip_kind=context.ip_kind,
            device_id=context.device_id,
            headless=context.headless or _HEADLESS.search(context.user_agent) is not None,
            email_domain="" if email == "" else email.rpartition("@")[2].lower(),
            email_hash="" if email == "" else self._emails.hash_email(email),
            account_created_at_ms=context.account_created_at_ms,
            latitude_microdegrees=context.latitude_microdegrees,
            longitude_microdegrees=context.longitude_microdegrees,
            provider_device_id=context.provider_device_id,
            password_reset_at_ms=context.password_reset_at_ms,
            chargeback_count=context.chargeback_count,
            refund_count=context.refund_count,
            paid_count=context.paid_count,
            first_paid_at_ms=context.first_paid_at_ms,
        )
