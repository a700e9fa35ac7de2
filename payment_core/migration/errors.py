"""The faults of a migration."""

from payment_core.errors import CoreError


class MigrationError(CoreError):
    """The migration cannot go on."""


class RunnerBusy(MigrationError):
    """Another runner works on this job; it alone may, until its lease is over or another takes over."""


class LeaseLost(MigrationError):
    """Another runner took the job over; this one wrote nothing more."""


class JobInterrupted(MigrationError):
    """The job was paused or canceled; nothing of the batch under way was written."""


class NotYet(MigrationError):
    """The job needs another one that is not done."""


class JobHeld(MigrationError):
    """The job is paused, canceled, stopped or being undone, and goes on only when somebody says so."""


class ExportChanged(MigrationError):
    """The export is another one than the job began with."""


class DifferenceFound(MigrationError):
    """What the store holds differs from the export; the batch is held, and nothing after it was begun."""


class ScratchUnusable(CoreError):
    """A dry run found no room for what it would have written; nothing was written."""


class SumTooLarge(MigrationError):
    """A sum is beyond 64 bits, so these amounts are none of their currency; nothing of the batch was written."""


class PastReturn(MigrationError):
    """past_return: the job passed its point of no return. Go forward: fix what is wrong and run it again."""


class StillNeeded(MigrationError):
    """Another job that was not undone needs this one."""
