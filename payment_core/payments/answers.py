"""The answers of operations, as the bytes that are stored with them and replayed."""

import msgspec

from payment_core.answers import PROBLEM_PREFIX, Answer, Problem
from payment_core.payments.model import Payment, Refund
from payment_core.payments.states import PaymentStatus, RefundStatus
from payment_core.payments.views import view_payment, view_refund

_encode = msgspec.json.Encoder().encode


def payment_answer(status: int, payment: Payment) -> Answer:
    """The payment itself."""
    return Answer(status, _encode(view_payment(payment)))


def declined(payment: Payment) -> Answer:
    """402: the issuer, or the fraud score, said no."""
    return _problem(
        "payment-declined",
        "The payment was declined",
        402,
        f"The payment was declined: {payment.decline_code}.",
        payment,
        payment.decline_code,
    )


def failed(payment: Payment, what: str, code: str) -> Answer:
    """502: we or the rail failed; nothing was charged or moved."""
    detail = f"The {what} could not be carried out and no money moved: {code}."
    return _problem(f"{what}-failed", f"The {what} failed", 502, detail, payment, code)


def creation_answer(payment: Payment) -> Answer:
    """The answer to a payment's creation that its present status gives."""
    match payment.status:
        case PaymentStatus.DECLINED:
            return declined(payment)
        case PaymentStatus.FAILED:
            return failed(payment, "payment", payment.error_code)
        case PaymentStatus.PROCESSING | PaymentStatus.HELD:
            return payment_answer(202, payment)
        case _:
            return payment_answer(201, payment)


def refund_answer(refund: Refund) -> Answer:
    """The refund itself: 201 when it is done, 202 while it is not; 502 when the rail did not give the money back."""
    view = _encode(view_refund(refund))
    if refund.status is not RefundStatus.FAILED:
        return Answer(201 if refund.status is RefundStatus.SUCCEEDED else 202, view)
    return Answer(
        502,
        _encode(
            Problem(
                type=f"{PROBLEM_PREFIX}refund-failed",
                title="The refund failed",
                status=502,
                detail=f"The rail did not carry the refund out and no money moved: {refund.error_code}.",
                instance=f"/v1/refunds/{refund.id}",
                code=refund.error_code,
                resource_id=refund.id,
                resource=msgspec.Raw(view),
            )
        ),
    )


def _problem(kind: str, title: str, status: int, detail: str, payment: Payment, code: str) -> Answer:
    return Answer(
        status,
        _encode(
            Problem(
                type=PROBLEM_PREFIX + kind,
                title=title,
                status=status,
                detail=detail,
                instance=f"/v1/payments/{payment.id}",
                code=code,
                resource_id=payment.id,
                resource=msgspec.Raw(_encode(view_payment(payment))),
            )
        ),
    )
