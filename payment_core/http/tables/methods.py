"""The routes of payment methods; none of them answers a card number."""

from payment_core.http.routes import QueryParameter, Route, listed, shown
from payment_core.methods.desk import MethodDesk
from payment_core.methods.refusals import explain_method
from payment_core.methods.requests import CardRequest
from payment_core.methods.views import PaymentMethodView

_ONE = "/v1/payment_methods/{payment_method_id}"


def method_routes(desk: MethodDesk) -> tuple[Route, ...]:
    """Keep a card, look at it, list those of a customer, and destroy it."""
    return (
        Route(
            method="POST",
            path="/v1/payment_methods",
            scope="payment_methods:write",
            summary="Keep a card",
            handler=desk.create,
            body=CardRequest,
            answer=PaymentMethodView,
            status=201,
            problems=(422, 503),
            explain=explain_method,
            cards_allowed=True,
        ),
        listed(
            "/v1/payment_methods",
            "payment_methods:read",
            "List payment methods",
            desk.list,
            PaymentMethodView,
            QueryParameter("customer_id", "only this customer's"),
        ),
        shown(_ONE, "payment_methods:read", "One payment method", desk.get, PaymentMethodView, explain_method),
        Route(
            method="DELETE",
            path=_ONE,
            scope="payment_methods:write",
            summary="Destroy a card's number",
            handler=desk.delete,
            answer=PaymentMethodView,
            problems=(404, 409),
            explain=explain_method,
        ),
    )
