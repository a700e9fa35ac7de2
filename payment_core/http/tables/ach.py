"""The routes of ACH files, entries, returns and cases."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

import msgspec

from payment_core.ach.files.desk import AchDesk
from payment_core.ach.files.incoming.acknowledging import explain_file
from payment_core.ach.files.incoming.cases import explain_case
from payment_core.ach.files.incoming.model import AchCase, ReturnFile, ReturnItem
from payment_core.ach.files.incoming.receiving import RETURN_BYTES_MAX, explain_return
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.outgoing.originating import explain_entry
from payment_core.ach.files.requests import AcknowledgeRequest, CloseCaseRequest, SubmitRequest
from payment_core.ach.files.views import (
    CaseView,
    EntryView,
    FileView,
    ReturnFileView,
    ReturnItemView,
    case_view,
    entry_view,
    file_view,
    return_file_view,
    return_item_view,
)
from payment_core.answers import Answer
from payment_core.http.routes import Explain, Handler, QueryParameter, Route, listed, shown
from payment_core.operations.bodies import NoBody
from payment_core.operations.call import Call
from payment_core.operations.pages import answer_page
from payment_core.store.port import LedgerStore
from payment_core.store.records import Record

R = TypeVar("R", bound=Record)

_FILE = "/v1/ach/files/{file_id}"
_RETURN = "/v1/ach/returns/{return_file_id}"


def ach_routes(store: LedgerStore, desk: AchDesk) -> tuple[Route, ...]:
    """Everything that can be asked of files and of what banks send back."""
    return (
        *_file_routes(store, desk),
        *_return_routes(store, desk),
        *_entry_routes(store, desk),
        *_case_routes(store, desk),
    )


def _file_routes(store: LedgerStore, desk: AchDesk) -> tuple[Route, ...]:
    return (
        _list("/v1/ach/files", "List files", _listing(store, AchFile, file_view), FileView, explain_file),
        _get(_FILE, "One file", desk.get_file, FileView, explain_file),
        Route(
            method="GET",
            path=f"{_FILE}/content",
            scope="ach:content",
            summary="The bytes of a file, with account numbers; each access is on record",
            handler=desk.content,
            answer=None,
            media_type="text/plain",
            problems=(404, 409),
            explain=explain_file,
        ),
        _act(f"{_FILE}/submit", "Send a built file now", desk.submit, SubmitRequest, FileView, explain_file),
        _act(f"{_FILE}/ack", "Record the bank's answer", desk.acknowledge, AcknowledgeRequest, FileView, explain_file),
    )


def _return_routes(store: LedgerStore, desk: AchDesk) -> tuple[Route, ...]:
    async def items(call: Call, _body: None) -> Answer | StrEnum:
        owner = call.path["return_file_id"]
        return await answer_page(store, call, ReturnItem, return_item_view, owner=owner)

    return (
        Route(
            method="POST",
            path="/v1/ach/returns",
            scope="ach:write",
            summary="Take a file of returns and notifications of change; it is applied within seconds",
            handler=desk.take_returns,
            answer=ReturnFileView,
            status=201,
            raw_body="text/plain",
            body_bytes_max=RETURN_BYTES_MAX,
            # Account numbers and traces can look like card numbers.
            cards_allowed=True,
            problems=(413, 422),
            explain=explain_return,
        ),
        _list(
            "/v1/ach/returns",
            "List return files",
            _listing(store, ReturnFile, return_file_view),
            ReturnFileView,
            explain_return,
        ),
        _get(_RETURN, "One return file", desk.get_return, ReturnFileView, explain_return),
        _list(f"{_RETURN}/items", "What became of each item", items, ReturnItemView, explain_return),
    )


def _entry_routes(store: LedgerStore, desk: AchDesk) -> tuple[Route, ...]:
    async def entries(call: Call, _body: None) -> Answer | StrEnum:
        owner = str(call.query["bank_account_id"])
        return await answer_page(store, call, AchEntry, entry_view, owner=owner)

    account = QueryParameter("bank_account_id", "only entries to or from this bank account")
    return (
        _list("/v1/ach/entries", "List entries", entries, EntryView, explain_entry, account),
        Route(
            method="POST",
            path="/v1/ach/entries/{entry_id}/reverse",
            scope="ach:write",
            summary="Take back an entry that was sent by mistake",
            handler=desk.reverse,
            body=NoBody,
            answer=EntryView,
            status=201,
            problems=(404, 409),
            explain=explain_entry,
        ),
    )


def _case_routes(store: LedgerStore, desk: AchDesk) -> tuple[Route, ...]:
    async def cases(call: Call, _body: None) -> Answer | StrEnum:
        return await answer_page(store, call, AchCase, case_view, owner=str(call.query["status"]))

    status = QueryParameter("status", "open or closed; empty for both", pattern=r"^(open|closed)?$")
    close = "/v1/ach/cases/{case_id}/close"
    return (
        _list("/v1/ach/cases", "List cases", cases, CaseView, explain_case, status),
        _act(close, "Close a case", desk.close_case, CloseCaseRequest, CaseView, explain_case),
    )


def _listing(store: LedgerStore, record_type: type[R], view: Callable[[R], msgspec.Struct]) -> Handler:
    async def page(call: Call, _body: None) -> Answer | StrEnum:
        return await answer_page(store, call, record_type, view)

    return page


def _list(
    path: str, summary: str, handler: Handler, items: type[msgspec.Struct], explain: Explain, *query: QueryParameter
) -> Route:
    return listed(path, "ach:read", summary, handler, items, *query, explain=explain)


def _get(path: str, summary: str, handler: Handler, answer: type[msgspec.Struct], explain: Explain) -> Route:
    return shown(path, "ach:read", summary, handler, answer, explain)


def _act(
    path: str,
    summary: str,
    handler: Handler,
    body: type[msgspec.Struct],
    answer: type[msgspec.Struct],
    explain: Explain,
) -> Route:
    return Route(
        method="POST",
        path=path,
        scope="ach:write",
        summary=summary,
        handler=handler,
        body=body,
        answer=answer,
        problems=(404, 409),
        explain=explain,
    )
