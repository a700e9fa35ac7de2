"""What the journal says about flags, as sentences."""

from typing import assert_never

from daemon.http.words.guardrail_sentences import Parts
from daemon.http.words.wording import count
from remediation.flags.model import FlagChange
from remediation.flags.words import DONE_WORDS, setting_words
from remediation.journal.flag_kinds import FlagBody, FlagChanged, FlagDocument


def flag_parts(body: FlagBody) -> Parts:
    """The entry in words; who did it stands beside it."""
    match body:
        case FlagDocument():
            size = f"{count(len(body.document.encode()))} bytes, SHA-256 {body.digest[:12]}"
            return "plain", "flags", "Another document of flags is in effect.", size
        case FlagChanged():
            return _changed(body)
        case _:
            assert_never(body)


def _changed(body: FlagChanged) -> Parts:
    done = DONE_WORDS[body.what]
    if body.what is FlagChange.KILL:
        return "bad", "flag", f"{body.flag} was {done}: everybody gets its safe default.", body.reason
    if body.what is FlagChange.REVIVE:
        return "good", "flag", f"{body.flag} was {done}.", body.reason
    return "act", "flag", f"{body.flag} was {done}: {setting_words(body.setting)}.", body.reason
