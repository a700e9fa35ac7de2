"""The routes of providers and of the compliance cases about them."""

from payment_core.http.routes import PAGE, Handler, QueryParameter, Route
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.operations.pages import Page
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
        Route(
            method="GET",
            path=_PROVIDERS,
            scope="providers:read",
            summary="List providers",
            handler=desk.list,
            answer=Page,
            items=ProviderView,
            query=PAGE,
            explain=explain_provider,
        ),
        Route(
            method="GET",
            path=_PROVIDER,
            scope="providers:read",
            summary="One provider",
            handler=desk.get,
            answer=ProviderView,
            problems=(404,),
            explain=explain_provider,
        ),
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
        Route(
            method="GET",
            path=_CASES,
            scope="compliance_cases:read",
            summary="List compliance cases",
            handler=cases.list,
            answer=Page,
            items=CaseView,
            query=(QueryParameter("subject_id", "only those about this object"), *PAGE),
            explain=explain_provider,
        ),
        Route(
            method="GET",
            path=_CASES + "/{case_id}",
            scope="compliance_cases:read",
            summary="One compliance case",
            handler=cases.get,
            answer=CaseView,
            problems=(404,),
            explain=explain_provider,
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
