"""The one door to flags for people: set, ramp, revert, kill and revive, each with who and why."""

import secrets
from collections.abc import Callable

import msgspec

from config.policy import Policy
from daemon.flags.changes import FlagChanges
from daemon.flags.policies import FlagPolicies
from daemon.flags.wishes import FlagRefusal, FlagRefused, Wish, no, wanted_setting
from remediation.aiming.flag import target_of
from remediation.asking import ask
from remediation.decisions import Question
from remediation.errors import WorldRefused
from remediation.flags.checked import safe_default_of
from remediation.flags.document import Document, flags_of
from remediation.flags.model import FlagChange, Setting, written
from remediation.flags.state import FlagBook, FlagState
from remediation.flags.words import DONE_WORDS, setting_words
from remediation.guardrails.approvals import ApprovalChange, digest_of, is_approved
from remediation.guardrails.calendar import closed_for
from remediation.guardrails.changes import Change
from remediation.journal.flag_kinds import FlagChanged
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

KEY_BYTES = 16


class FlagAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a wish. changed: false for a kill of what is killed. version: that every process serves soon.

    detail: what the flag serves now, in words. planned: with a dry run, nothing was done.
    """

    flag: str
    changed: bool
    version: int
    detail: str
    planned: bool = False


class FlagDesk:
    """actor: the name of a person's token. Journal faults are raised, and nothing has changed then.

    A kill asks nobody and waits for nothing but the disk: it only takes harm away. Everything else, reviving above all,
    is held by freezes of changes, and waits for another person where the flag is critical.
    """

    def __init__(
        self,
        writer: JournalWriter,
        changes: FlagChanges,
        policies: FlagPolicies,
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._changes = changes
        self._policies = policies
        self._policy = policy
        self._clock = clock

    @property
    def book(self) -> FlagBook:
        """What the journal says of flags."""
        return self._changes.book

    async def ask(self, flag: str, wish: Wish, actor: str, *, dry_run: bool = False) -> FlagAnswer | FlagRefused:
        """Do what is wanted, or say why not. dry_run: look at everything, do and ask for nothing."""
        document = flags_of(self.book).get(flag)
        refused = self._refused(flag, wish, known=document is not None)
        if refused is not None or document is None:
            return refused if refused is not None else no(FlagRefusal.UNKNOWN, flag)
        state = self.book.of(flag)
        if wish.what is FlagChange.KILL and state.killed is not None:
            return self._answer(flag, changed=False)
        key = secrets.token_hex(KEY_BYTES)
        setting = wanted_setting(wish, flag, document, state, self._policies.of(flag), key)
        if isinstance(setting, FlagRefused):
            return setting
        return await self._done(flag, wish, actor, key, setting, document, dry_run=dry_run)

    def is_critical(self, flag: str) -> bool:
        """Whether another person has to agree to its changes."""
        return self._policies.is_critical(flag, flags_of(self.book).get(flag, {}))

    async def _done(
        self,
        flag: str,
        wish: Wish,
        actor: str,
        key: str,
        setting: Setting | None,
        document: Document,
        *,
        dry_run: bool,
    ) -> FlagAnswer | FlagRefused:
        keeps = wish.what in {FlagChange.KILL, FlagChange.REVIVE}
        change = FlagChanged(flag=flag, what=wish.what, reason=wish.reason, key=key, setting=None if keeps else setting)
        try:
            if dry_run:
                await self._changes.look(change)
                planned = _plan(change, setting, document)
                return FlagAnswer(flag=flag, changed=True, version=self.book.version, detail=planned, planned=True)
            if wish.what is not FlagChange.KILL and self._policies.is_critical(flag, document):
                unapproved = await self._unapproved(flag, wish, actor, setting)
                if unapproved is not None:
                    return unapproved
            await self._changes.change(change, actor)
        except WorldRefused as fault:
            return no(FlagRefusal.NOT_READABLE, f"no process could read it: {fault.detail}")
        made = self.book.made_by(flag, key)
        # It was killed while this was looked at.
        return self._killed(flag) if made is not None and made.void else self._answer(flag, changed=True)

    def _refused(self, flag: str, wish: Wish, *, known: bool) -> FlagRefused | None:
        now_ms = self._clock.now_ms()
        if now_ms >= self._writer.lease.until_ms:
            return no(FlagRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        if not known:
            names = ", ".join(sorted(flags_of(self.book)))
            return no(FlagRefusal.UNKNOWN, f"there is no flag {flag!r:.100}; there are {names:.1000}")
        killed = self.book.of(flag).killed
        if wish.what is FlagChange.KILL:
            return None
        if killed is not None and wish.what is not FlagChange.REVIVE:
            return self._killed(flag)
        if killed is None and wish.what is FlagChange.REVIVE:
            return no(FlagRefusal.NOT_KILLED, f"{flag} is not killed")
        closed = None if wish.force else closed_for(Change.FLAG, self._policy().closing, now_ms)
        return None if closed is None else no(FlagRefusal.FROZEN, f"{closed.detail}; --force passes it over")

    def _killed(self, flag: str) -> FlagRefused:
        killed = self.book.of(flag).killed
        by = "somebody" if killed is None else f"{killed.by} ({killed.reason:.200})"
        return no(FlagRefusal.KILLED, f"{flag} was killed by {by}, so nothing else is served; revive it first")

    async def _unapproved(self, flag: str, wish: Wish, actor: str, setting: Setting | None) -> FlagRefused | None:
        """Ask for the approval that a critical flag needs; None when it was given, or nobody has to be asked.

        A yes is for what the flag is now and would be: once either is another, it is another question.
        """
        policy, now, now_ms = self._policy().approvals, self.book.of(flag), self._clock.now_ms()
        killed_ms = 0 if now.killed is None else now.killed.at_ms
        digest = digest_of(wish.what, flag, _comparable(setting), str(now.set_at_ms), str(killed_ms))
        served = "" if wish.what is FlagChange.REVIVE else f", {setting_words(setting)}"
        what = f"{wish.what} the critical flag {flag}{served} ({wish.reason:.200})"
        question = Question(change=ApprovalChange.FLAG, subject=target_of(flag), digest=digest, what=what)
        if is_approved(self._writer.state, policy, question, now_ms):
            return None
        name = await ask(self._writer, policy, question, actor, now_ms)
        detail = (
            f"{flag} is critical: another person has to run tillwatch approvals approve {name} first; then ask again. "
            "A kill needs no approval"
        )
        return no(FlagRefusal.NEEDS_APPROVAL, detail)

    def _answer(self, flag: str, *, changed: bool) -> FlagAnswer:
        return FlagAnswer(
            flag=flag,
            changed=changed,
            version=self.book.version,
            detail=served_words(self.book.of(flag), flags_of(self.book)[flag]),
        )


def served_words(state: FlagState, document: Document) -> str:
    """What a flag serves now, as one line; document: the flag's own in ``flags.json``."""
    return _killed_words(document) if state.killed is not None else setting_words(state.setting)


def _killed_words(document: Document) -> str:
    return f"{safe_default_of(document)} for everybody, its safe default"


def _comparable(setting: Setting | None) -> str:
    """The setting without the name that a ramp gets anew each time it is asked for."""
    if setting is None or setting.ramp is None:
        return written(setting)
    plan = msgspec.structs.replace(setting.ramp.plan, id="")
    return written(msgspec.structs.replace(setting, ramp=msgspec.structs.replace(setting.ramp, plan=plan)))


def _plan(change: FlagChanged, setting: Setting | None, document: Document) -> str:
    serves = _killed_words(document) if change.what is FlagChange.KILL else setting_words(setting)
    return f"would be {DONE_WORDS[change.what]}: {serves}"
