"""The routes of bank accounts; none of them answers an account number."""

from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.operations.bodies import NoBody
from payment_core.providers.accounts import BankAccountDesk
from payment_core.providers.refusals import explain_bank_account
from payment_core.providers.requests import BankAccountRequest, GuessRequest, ReplacementRequest, VerificationRequest
from payment_core.providers.views import BankAccountView

_ALL = "/v1/bank_accounts"
_ONE = "/v1/bank_accounts/{bank_account_id}"


def bank_account_routes(desk: BankAccountDesk) -> tuple[Route, ...]:
    """Add, verify, replace and disable bank accounts."""
    return (
        Route(
            method="POST",
            path=_ALL,
            scope="bank_accounts:write",
            summary="Add a bank account",
            handler=desk.create,
            body=BankAccountRequest,
            answer=BankAccountView,
            status=201,
            problems=(422, 503),
            explain=explain_bank_account,
            # One account number in ten that is long enough passes the check digit of a card.
            cards_allowed=True,
        ),
        listed(
            _ALL,
            "bank_accounts:read",
            "List bank accounts",
            desk.list,
            BankAccountView,
            QueryParameter("holder_id", "only this holder's"),
        ),
        shown(_ONE, "bank_accounts:read", "One bank account", desk.get, BankAccountView, explain_bank_account),
        _act("/replace", "Give a bank account another number", desk.replace, ReplacementRequest, cards_allowed=True),
        _act("/verification", "Start to verify a bank account", desk.start_verification, VerificationRequest),
        _act("/verify", "Tell the amounts of the micro-entries", desk.verify, GuessRequest),
        _act("/disable", "Never use a bank account again", desk.disable, NoBody),
    )


def _act(path: str, summary: str, handler: Handler, body: type, *, cards_allowed: bool = False) -> Route:
    return Route(
        method="POST",
        path=_ONE + path,
        scope="bank_accounts:write",
        summary=summary,
        handler=handler,
        body=body,
        answer=BankAccountView,
        problems=(404, 409, 422, 503),
        explain=explain_bank_account,
        cards_allowed=cards_allowed,
    )
