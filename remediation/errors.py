"""The faults of remediation and of its journal, one small tree."""


class RemediationError(Exception):
    """Remediation cannot go on with what it was doing."""

    retryable = False

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip()
        super().__init__(f"{message} {detail}".strip())
        self.detail = detail


class JournalError(RemediationError):
    """The journal did not do what was asked."""


class NotJournaled(JournalError):
    """The journal did not take the entry, and nothing was written."""


class SequenceConflict(NotJournaled):
    """Another entry was appended first; read it, decide again, append again."""

    retryable = True


class StaleEpoch(JournalError):
    """Another leader took over; this one must not write or act any more."""


class LeaseHeld(JournalError):
    """Another leader's lease is still live."""

    retryable = True


class JournalFull(NotJournaled):
    """There is no room for another journal entry; nothing was written and nothing may be done."""


class JournalFailed(NotJournaled):
    """The journal's storage failed; nothing of this entry was written."""


class JournalCorrupt(JournalError):
    """The journal's chain is broken; run `tillwatch audit verify`, nothing is done until it is repaired."""


class JournalUnusable(JournalError):
    """The file is not a journal that this version can use."""


class UnknownAction(RemediationError):
    """A decision names an action that is not installed."""


class WorldUnreachable(RemediationError):
    """The world did not answer, so whether the call took effect is unknown."""

    retryable = True


class WorldRefused(RemediationError):
    """The world refused the call, and asking again will not change that."""


class UnsafeWeights(RemediationError):
    """These weights would send traffic where nobody meant it to go, so they were not written."""
