"""The routes of disputes."""

from payment_core.http.routes import QueryParameter, Route, listed, shown
from payment_core.payments.dispute_desk import DisputeDesk
from payment_core.payments.reading import PaymentReads
from payment_core.payments.refusals import explain_payment
from payment_core.payments.requests import AcceptDispute, GiveEvidence, NotifyDispute
from payment_core.payments.views import DisputeView

_MANY = "/v1/disputes"
_ONE = "/v1/disputes/{dispute_id}"


def dispute_routes(desk: DisputeDesk, reads: PaymentReads) -> tuple[Route, ...]:
    """Everything that can be asked of disputes."""
    return (
        Route(
            method="POST",
            path=_MANY,
            scope="rails:write",
            summary="Tell of a dispute, as a rail does",
            handler=desk.notify,
            body=NotifyDispute,
            answer=DisputeView,
            status=201,
            problems=(404, 409, 422),
            explain=explain_payment,
            example=NotifyDispute(payment_id="pay_1", reference="dp_1", reason="fraudulent"),
        ),
        listed(
            _MANY,
            "disputes:read",
            "List disputes",
            reads.disputes,
            DisputeView,
            QueryParameter("payment_id", "only this payment's"),
        ),
        shown(_ONE, "disputes:read", "One dispute", reads.dispute, DisputeView, explain_payment),
        Route(
            method="POST",
            path=f"{_ONE}/evidence",
            scope="disputes:write",
            summary="Answer a dispute, once",
            handler=desk.give_evidence,
            body=GiveEvidence,
            answer=DisputeView,
            problems=(404, 409, 422),
            explain=explain_payment,
        ),
        Route(
            method="POST",
            path=f"{_ONE}/accept",
            scope="disputes:write",
            summary="Give a dispute up; the money is lost",
            handler=desk.accept,
            body=AcceptDispute,
            answer=DisputeView,
            problems=(404, 409, 422),
            explain=explain_payment,
        ),
    )
