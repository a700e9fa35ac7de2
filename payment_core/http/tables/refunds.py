"""The routes of refunds."""

from payment_core.http.routes import QueryParameter, Route, listed, shown
from payment_core.money import Charge
from payment_core.payments.desk import Desk
from payment_core.payments.reading import PaymentReads
from payment_core.payments.refusals import explain_payment
from payment_core.payments.requests import CreateRefund
from payment_core.payments.views import RefundView


def refund_routes(desk: Desk, reads: PaymentReads) -> tuple[Route, ...]:
    """Everything that can be asked of refunds."""
    return (
        Route(
            method="POST",
            path="/v1/refunds",
            scope="refunds:write",
            summary="Give captured money back, all or a part",
            handler=desk.refund,
            body=CreateRefund,
            answer=RefundView,
            status=201,
            also=(202,),
            problems=(404, 409, 422, 502),
            explain=explain_payment,
            example=CreateRefund(payment_id="pay_1", amount=Charge(500, "USD"), reason="requested_by_customer"),
        ),
        listed(
            "/v1/refunds",
            "refunds:read",
            "List refunds",
            reads.refunds,
            RefundView,
            QueryParameter("payment_id", "only this payment's"),
        ),
        shown("/v1/refunds/{refund_id}", "refunds:read", "One refund", reads.refund, RefundView, explain_payment),
    )
