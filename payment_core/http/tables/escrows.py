"""The routes of escrows."""

from payment_core.escrow.desk import EscrowDesk
from payment_core.escrow.refusals import explain_escrow
from payment_core.escrow.requests import AmountRequest, ConditionRequest, EscrowRequest, ResolutionRequest
from payment_core.escrow.views import EscrowView
from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.operations.bodies import NoBody, ReasonRequest

_ONE = "/v1/escrows/{escrow_id}"


def escrow_routes(desk: EscrowDesk) -> tuple[Route, ...]:
    """Everything that can be asked of escrows."""
    return (
        Route(
            method="POST",
            path="/v1/escrows",
            scope="escrows:write",
            summary="Hold captured money until its conditions are met",
            handler=desk.create,
            body=EscrowRequest,
            answer=EscrowView,
            status=201,
            problems=(422,),
            explain=explain_escrow,
        ),
        listed(
            "/v1/escrows",
            "escrows:read",
            "List escrows",
            desk.list,
            EscrowView,
            QueryParameter("provider_id", "only this provider's"),
        ),
        shown(_ONE, "escrows:read", "One escrow", desk.get, EscrowView, explain_escrow),
        _act("/fund", "Take the money of its payments", desk.fund, NoBody),
        _act("/conditions/{name}", "Note that a condition is satisfied", desk.satisfy, ConditionRequest),
        _act("/approve", "Approve the next release", desk.approve, NoBody, "escrows:approve"),
        _act("/release", "Pay the payees, all or a part", desk.release, AmountRequest),
        _act("/refund", "Give money back to the payer, all or a part", desk.refund, AmountRequest),
        _act("/freeze", "Stop everything, timers too", desk.freeze, ReasonRequest),
        _act("/unfreeze", "Go on from where it was frozen", desk.unfreeze, NoBody),
        _act("/dispute", "Stop releases until somebody decides", desk.dispute, ReasonRequest),
        _act("/resolve", "Decide a dispute", desk.resolve, ResolutionRequest),
        _act("/expire", "Give up an escrow that has no money", desk.expire, NoBody),
    )


def _act(path: str, summary: str, handler: Handler, body: type, scope: str = "escrows:write") -> Route:
    return Route(
        method="POST",
        path=_ONE + path,
        scope=scope,
        summary=summary,
        handler=handler,
        body=body,
        answer=EscrowView,
        problems=(403, 404, 409, 422),
        explain=explain_escrow,
    )
