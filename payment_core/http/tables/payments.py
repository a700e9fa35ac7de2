"""The routes of payments and their captures."""

from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.money import Charge
from payment_core.payments.desk import Desk
from payment_core.payments.reading import PaymentReads
from payment_core.payments.refusals import explain_payment
from payment_core.payments.requests import CancelPayment, CapturePayment, CreatePayment, ReviewPayment
from payment_core.payments.views import CaptureView, PaymentView

_MANY = "/v1/payments"
_ONE = "/v1/payments/{payment_id}"

EXAMPLE = CreatePayment(amount=Charge(1250, "USD"), payment_method="tok_visa", customer_id="cus_1", provider_id="pro_1")


def payment_routes(desk: Desk, reads: PaymentReads) -> tuple[Route, ...]:
    """Everything that can be asked of payments."""
    return (
        Route(
            method="POST",
            path=_MANY,
            scope="payments:write",
            summary="Take a payment",
            handler=desk.create,
            body=CreatePayment,
            answer=PaymentView,
            status=201,
            also=(202,),
            problems=(402, 409, 422, 502),
            explain=explain_payment,
            example=EXAMPLE,
        ),
        listed(
            _MANY,
            "payments:read",
            "List payments",
            reads.payments,
            PaymentView,
            QueryParameter("customer_id", "only this customer's"),
        ),
        shown(_ONE, "payments:read", "One payment", reads.payment, PaymentView, explain_payment),
        _act("/capture", "Take authorized money, all or a part", desk.capture, CapturePayment),
        _act("/cancel", "Release what is left of an authorization", desk.cancel, CancelPayment),
        _act("/review", "Approve or reject a payment under review", desk.review, ReviewPayment, "reviews:write"),
        listed(
            f"{_ONE}/captures",
            "payments:read",
            "List a payment's captures",
            reads.captures,
            CaptureView,
            explain=explain_payment,
            problems=(404,),
        ),
    )


def _act(path: str, summary: str, handler: Handler, body: type, scope: str = "payments:write") -> Route:
    return Route(
        method="POST",
        path=_ONE + path,
        scope=scope,
        summary=summary,
        handler=handler,
        body=body,
        answer=PaymentView,
        also=(202,),
        problems=(404, 409, 422, 502),
        explain=explain_payment,
    )
