"""The routes of payouts."""

from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.operations.bodies import NoBody
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
        listed(
            _PAYOUTS,
            "payouts:read",
            "List payouts",
            desk.list,
            PayoutView,
            QueryParameter("provider_id", "only payouts to this provider"),
        ),
        shown(_PAYOUT, "payouts:read", "One payout", desk.get, PayoutView, explain_payout),
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
