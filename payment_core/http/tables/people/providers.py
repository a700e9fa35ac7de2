"""The routes of providers and of the compliance cases about them."""

from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.providers.cases import CaseDesk
from payment_core.providers.desk import ProviderDesk
from payment_core.providers.refusals import explain_provider
from payment_core.providers.requests import DecisionRequest, ProviderRequest, ProviderUpdate
from payment_core.providers.views import CaseView, ProviderView

_PROVIDERS = "/v1/providers"
_PROVIDER = "/v1/providers/{provider_id}"
_CASES = "/v1/compliance_cases"


def provider_routes(desk: ProviderDesk, cases: CaseDesk) -> tuple[Route, ...]:
    """Everything that can be asked of providers."""
    return (
        Route(
            method="POST",
            path=_PROVIDERS,
            scope="providers:write",
            summary="Create a provider",
            handler=desk.create,
            body=ProviderRequest,
            answer=ProviderView,
            status=201,
            problems=(422,),
            explain=explain_provider,
        ),
        listed(_PROVIDERS, "providers:read", "List providers", desk.list, ProviderView),
        shown(_PROVIDER, "providers:read", "One provider", desk.get, ProviderView, explain_provider),
        _act("", "Change a provider", desk.update, ProviderUpdate),
        _act("/suspend", "Stop paying a provider", desk.suspend, ReasonRequest),
        _act("/reinstate", "Pay a suspended provider again", desk.reinstate, NoBody),
        _act("/close", "Close a provider that is owed nothing", desk.close, NoBody),
        *_case_routes(cases),
    )


def _act(path: str, summary: str, handler: Handler, body: type) -> Route:
    return Route(
        method="POST",
        path=_PROVIDER + path,
        scope="providers:write",
        summary=summary,
        handler=handler,
        body=body,
        answer=ProviderView,
        problems=(404, 409, 422),
        explain=explain_provider,
    )


def _case_routes(cases: CaseDesk) -> tuple[Route, ...]:
    return (
        listed(
            _CASES,
            "compliance_cases:read",
            "List compliance cases",
            cases.list,
            CaseView,
            QueryParameter("subject_id", "only those about this object"),
        ),
        shown(
            _CASES + "/{case_id}", "compliance_cases:read", "One compliance case", cases.get, CaseView, explain_provider
        ),
        Route(
            method="POST",
            path=_CASES + "/{case_id}/decide",
            scope="compliance_cases:write",
            summary="Decide a compliance case",
            handler=cases.decide,
            body=DecisionRequest,
            answer=CaseView,
            problems=(404, 409, 422),
            explain=explain_provider,
        ),
    )
