"""The answers of operations, as the bytes that are stored with them and replayed."""

import msgspec

from payment_core.payments.model import Payment, Refund
from payment_core.payments.states import PaymentStatus
from payment_core.payments.views import PaymentView, RefundView, view_payment, view_refund

PROBLEM_PREFIX = "urn:tillwatch:problem:"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """status: HTTP. body: JSON; a problem document (RFC 9457) from 400 on. replayed: it was stored before."""

    status: int
    body: bytes
    replayed: bool = False


class FieldError(msgspec.Struct, frozen=True):
    """path: the JSON path of what is wrong, for example ``$.amount.amount_cents``."""

    path: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document; the members after ``errors`` are extensions of single problem types."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[FieldError, ...] = ()
    decline_code: str = ""
    error_code: str = ""
    payment_id: str = ""
    payment: PaymentView | None = None
    refund: RefundView | None = None


def problem(kind: str, *, title: str, status: int, detail: str, instance: str) -> Problem:
    """A problem of this kind, without extensions."""
    return Problem(type=PROBLEM_PREFIX + kind, title=title, status=status, detail=detail, instance=instance)


def encode_problem(document: Problem) -> Answer:
    """The problem as an answer with its status."""
    return Answer(document.status, msgspec.json.encode(document))


def payment_answer(status: int, payment: Payment) -> Answer:
    """The payment itself."""
    return Answer(status, msgspec.json.encode(view_payment(payment)))


def refund_answer(status: int, refund: Refund) -> Answer:
    """The refund itself."""
    return Answer(status, msgspec.json.encode(view_refund(refund)))


def declined(payment: Payment) -> Answer:
    """402: the issuer said no."""
    return encode_problem(
        Problem(
            type=f"{PROBLEM_PREFIX}payment-declined",
            title="The payment was declined",
            status=402,
            detail=f"The issuer declined the payment: {payment.decline_code}.",
            instance=f"/v1/payments/{payment.id}",
            decline_code=payment.decline_code,
            payment_id=payment.id,
            payment=view_payment(payment),
        )
    )


def failed(payment: Payment, what: str, code: str) -> Answer:
    """502: we or the rail failed; nothing was charged or moved."""
    return encode_problem(
        Problem(
            type=f"{PROBLEM_PREFIX}{what}-failed",
            title=f"The {what} failed",
            status=502,
            detail=f"The {what} could not be carried out and no money moved: {code}.",
            instance=f"/v1/payments/{payment.id}",
            error_code=code,
            payment_id=payment.id,
            payment=view_payment(payment),
        )
    )


def refund_failed(refund: Refund) -> Answer:
    """502: the rail did not give the money back."""
    return encode_problem(
        Problem(
            type=f"{PROBLEM_PREFIX}refund-failed",
            title="The refund failed",
            status=502,
            detail=f"The rail did not carry the refund out and no money moved: {refund.error_code}.",
            instance=f"/v1/refunds/{refund.id}",
            error_code=refund.error_code,
            payment_id=refund.payment_id,
            refund=view_refund(refund),
        )
    )


def answer_for(payment: Payment) -> Answer:
    """The answer to a payment's creation that its present status gives."""
    match payment.status:
        case PaymentStatus.DECLINED:
            return declined(payment)
        case PaymentStatus.FAILED:
            return failed(payment, "payment", payment.error_code)
        case PaymentStatus.PROCESSING:
            return payment_answer(202, payment)
        case _:
            return payment_answer(201, payment)
