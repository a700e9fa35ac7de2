"""Folds what the journal says about telling people; what is stale, or comes a second time, changes nothing."""

from typing import Literal, assert_never

from msgspec.structs import replace

from remediation.bounded import bounded, with_entry
from remediation.escalation.chain import NOTICES_MAX, Chain, ChainState
from remediation.escalation.notices import Notice, NoticeState, NoticeStatus
from remediation.escalation.state import (
    CHAINS_MAX,
    MAINTENANCES_MAX,
    SILENCES_MAX,
    EscalationBook,
    Maintenance,
    Silence,
)
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import (
    ChangeTold,
    EscalationBody,
    EscalationHeld,
    EscalationStarted,
    EscalationStep,
    EscalationTold,
    MaintenanceAnnounced,
    MaintenanceEnded,
    NoticeFailed,
    NoticeSent,
    SilenceAdded,
    SilenceExpired,
    TrialBegun,
    TrialEnded,
)


def with_escalation(book: EscalationBook, entry: Entry, body: EscalationBody) -> EscalationBook:
    """What is known after one more entry."""
    match body:
        case SilenceAdded() | SilenceExpired():
            return replace(book, silences=_silences(book, entry, body))
        case MaintenanceAnnounced() | MaintenanceEnded():
            return replace(book, maintenances=_maintenances(book, entry, body))
        case ChangeTold():
            newest = max(body.entry, book.changes_told.get(body.channel, 0))
            return replace(book, changes_told={**book.changes_told, body.channel: newest})
        case TrialBegun() | TrialEnded():
            return book
        case _:
            chain = book.chains.get(body.incident_id, Chain(incident_id=body.incident_id))
            return _put(book, _chain_after(chain, entry, body))


def stopped(
    book: EscalationBook, incident_id: str, state: Literal[ChainState.ACKNOWLEDGED, ChainState.OVER], at_ms: int
) -> EscalationBook:
    """Somebody is on it, or it is over: no further step, and what was not sent yet is not sent any more."""
    chain = book.chains.get(incident_id)
    if chain is None or chain.state is state:
        return book
    return _put(book, replace(_voided(chain, at_ms), state=state, held_by=""))


def _chain_after(
    chain: Chain,
    entry: Entry,
    body: EscalationStarted | EscalationHeld | EscalationStep | EscalationTold | NoticeSent | NoticeFailed,
) -> Chain:
    match body:
        case EscalationStarted():
            return _started(chain, entry, body)
        case EscalationHeld():
            return replace(_voided(chain, entry.at_ms), state=ChainState.HELD, held_by=body.why)
        case EscalationStep():
            return _stepped(chain, entry, body)
        case EscalationTold():
            return _followed(chain, entry, body)
        case NoticeSent() | NoticeFailed():
            return _answered(chain, entry, body)
        case _:
            assert_never(body)


def _started(chain: Chain, entry: Entry, body: EscalationStarted) -> Chain:
    if body.generation != chain.generation + 1:
        return chain
    return replace(
        _voided(chain, entry.at_ms),
        generation=body.generation,
        policy=body.policy,
        severity=body.severity,
        started_at_ms=entry.at_ms,
        why=body.why,
        steps=body.steps,
        ack_timeout_ms=body.ack_timeout_ms,
        done=0,
        state=ChainState.RUNNING if body.steps else ChainState.SPENT,
        held_by="",
    )


def _stepped(chain: Chain, entry: Entry, body: EscalationStep) -> Chain:
    step = chain.next_step
    if step is None or (body.generation, body.number) != (chain.generation, step.number):
        return chain
    done = chain.done + 1
    spent = done == len(chain.steps)
    state = ChainState.SPENT if spent else ChainState.RUNNING
    return replace(_with_notices(chain, entry, body.notices), done=done, state=state)


def _followed(chain: Chain, entry: Entry, body: EscalationTold) -> Chain:
    kinds = {(one.dedup_key, one.target.reference): one.kind for one in body.notices}

    def told(state: NoticeState) -> NoticeState:
        kind = kinds.get((state.notice.dedup_key, state.notice.target.reference))
        return state if kind is None else replace(state, followed=kind)

    return _with_notices(replace(chain, notices=tuple(told(one) for one in chain.notices)), entry, body.notices)


def _answered(chain: Chain, entry: Entry, body: NoticeSent | NoticeFailed) -> Chain:
    def told(state: NoticeState) -> NoticeState:
        if state.notice.id != body.notice_id or state.status is NoticeStatus.SENT:
            return state
        if isinstance(body, NoticeSent):
            # Also one that was void by then: it was on its way, and its receiver has to hear the rest.
            detail = f"{body.channel}: {body.detail}" if body.detail else body.channel
            return replace(
                state, status=NoticeStatus.SENT, ended_at_ms=entry.at_ms, detail=detail, through=body.channel
            )
        failed = replace(state, tries=state.tries + 1, detail=f"{body.channel}: {body.why}")
        if body.final and state.status is NoticeStatus.WAITING:
            return replace(failed, status=NoticeStatus.FAILED, ended_at_ms=entry.at_ms)
        return failed

    return replace(chain, notices=tuple(told(one) for one in chain.notices))


def _with_notices(chain: Chain, entry: Entry, notices: tuple[Notice, ...]) -> Chain:
    known = {one.notice.id: one for one in chain.notices}
    for notice in notices:
        if notice.id not in known:
            known[notice.id] = NoticeState(notice=notice, since_ms=entry.at_ms)
    while len(known) > NOTICES_MAX:
        bounded(known, len(known) - 1, lambda one: one.status is not NoticeStatus.WAITING)
    return replace(chain, notices=tuple(known.values()))


def _voided(chain: Chain, at_ms: int) -> Chain:
    """Without what waits; a word that something is over is sent all the same."""

    def void(state: NoticeState) -> NoticeState:
        if state.status is not NoticeStatus.WAITING or state.notice.kind == "resolve":
            return state
        return replace(state, status=NoticeStatus.VOID, ended_at_ms=at_ms)

    return replace(chain, notices=tuple(void(one) for one in chain.notices))


def _put(book: EscalationBook, chain: Chain) -> EscalationBook:
    opened = [one for one in chain.notices if _is_open(one)]
    older = any(one.status is NoticeStatus.SENT and one.notice.generation < chain.generation for one in opened)
    waits = any(one.status is NoticeStatus.WAITING for one in opened)
    chain = replace(chain, waits=waits, settled=chain.state is ChainState.OVER and not opened, outlived=older)
    known = with_entry(book.chains, chain.incident_id, chain)
    return replace(book, chains=bounded(known, CHAINS_MAX, lambda one: one.settled))


def _is_open(told: NoticeState) -> bool:
    """Whether it is to be sent, or whoever got it has to hear how it ended."""
    ended = told.notice.kind != "trigger" or told.followed == "resolve"
    return told.status is NoticeStatus.WAITING or (told.status is NoticeStatus.SENT and not ended)


def _silences(book: EscalationBook, entry: Entry, body: SilenceAdded | SilenceExpired) -> dict[str, Silence]:
    if isinstance(body, SilenceExpired):
        known = book.silences.get(body.silence_id)
        if known is None or known.is_over(entry.at_ms):
            return book.silences
        return {**book.silences, known.id: replace(known, expired_at_ms=entry.at_ms)}
    silence = Silence(
        id=f"sil-{entry.sequence}",
        matchers=body.matchers,
        starts_at_ms=body.starts_at_ms,
        ends_at_ms=body.ends_at_ms,
        comment=body.comment,
        by=entry.actor,
        added_at_ms=entry.at_ms,
    )
    return bounded(with_entry(book.silences, silence.id, silence), SILENCES_MAX, lambda one: one.is_over(entry.at_ms))


def _maintenances(
    book: EscalationBook, entry: Entry, body: MaintenanceAnnounced | MaintenanceEnded
) -> dict[str, Maintenance]:
    if isinstance(body, MaintenanceEnded):
        known = book.maintenances.get(body.maintenance_id)
        if known is None or known.is_over(entry.at_ms):
            return book.maintenances
        return {**book.maintenances, known.id: replace(known, ended_at_ms=entry.at_ms)}
    announced = Maintenance(
        id=f"mnt-{entry.sequence}",
        kind=body.kind,
        what=body.what,
        matchers=body.matchers,
        starts_at_ms=body.starts_at_ms,
        ends_at_ms=body.ends_at_ms,
        by=entry.actor,
        announced_at_ms=entry.at_ms,
    )
    return bounded(
        {**book.maintenances, announced.id: announced}, MAINTENANCES_MAX, lambda one: one.is_over(entry.at_ms)
    )
