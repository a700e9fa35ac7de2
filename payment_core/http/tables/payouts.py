"""The routes of payouts."""

from payment_core.http.routes import PAGE, Handler, QueryParameter, Route
from payment_core.operations.bodies import NoBody
from payment_core.operations.pages import Page
from payment_core.payouts.desk import PayoutDesk
from payment_core.payouts.refusals import explain_payout
from payment_core.payouts.requests import PayoutRequest
from payment_core.payouts.views import PayoutView

_PAYOUTS = "/v1/payouts"
_PAYOUT = "/v1/payouts/{payout_id}"


def payout_routes(desk: PayoutDesk) -> tuple[Route, ...]:
    """Everything that can be asked of payouts."""
    return (
        Route(
            method="POST",
            path=_PAYOUTS,
            scope="payouts:write",
            summary="Pay a provider",
            handler=desk.create,
            body=PayoutRequest,
            answer=PayoutView,
            status=201,
            problems=(404, 409, 422),
            explain=explain_payout,
            example=PayoutRequest(provider_id="pro_1", speed="same_day"),
        ),
        Route(
            method="GET",
            path=_PAYOUTS,
            scope="payouts:read",
            summary="List payouts",
            handler=desk.list,
            answer=Page,
            items=PayoutView,
            query=(*PAGE, QueryParameter("provider_id", "only payouts to this provider")),
            explain=explain_payout,
        ),
        Route(
            method="GET",
            path=_PAYOUT,
            scope="payouts:read",
            summary="One payout",
            handler=desk.get,
            answer=PayoutView,
            problems=(404,),
            explain=explain_payout,
        ),
        _act("/approve", "Approve a payout that waits for people", "payouts:approve", desk.approve),
        _act("/cancel", "Cancel a payout that no file has", "payouts:write", desk.cancel),
    )


def _act(path: str, summary: str, scope: str, handler: Handler) -> Route:
    return Route(
        method="POST",
        path=_PAYOUT + path,
        scope=scope,
        summary=summary,
        handler=handler,
        body=NoBody,
        answer=PayoutView,
        problems=(403, 404, 409),
        explain=explain_payout,
    )
