"""The faults of an export, one small tree: each says what, where and what to do, and none names a number."""

from payment_core.errors import CoreError


class ExportError(CoreError):
    """The export cannot be used."""


class ManifestUnusable(ExportError):
    """The export's manifest.json cannot be used."""


class FileMissing(ExportError):
    """A file that the manifest names is not in the export; copy it again."""


class FileTruncated(ExportError):
    """A file of the export ends too early; copy it again."""


class HashWrong(ExportError):
    """A file of the export is not the one that the manifest was made for; copy it again."""


class CountWrong(ExportError):
    """A file of the export holds another number of records than the manifest says; ask for a new export."""


class FileUnreadable(ExportError):
    """A file of the export cannot be read as what the manifest says it is."""


class HashKeyMissing(ExportError):
    """Records with card or account numbers are read with a key for their hashes alone; give one."""


class KeyUnusable(ExportError):
    """The private key for the export's encrypted files cannot be used."""


class KeySourceUnavailable(ExportError):
    """The private key's keeper did not answer."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the export was wrong."""
        return True


class NotForThisKey(ExportError):
    """An encrypted file of the export was made for another key; ask for one for this key, or give the other key."""


class CipherDamaged(ExportError):
    """An encrypted file of the export was changed or damaged on its way; copy it again."""


class CipherUnprotected(ExportError):
    """An encrypted file of the export has no protection against changes (MDC or AEAD); ask for one that has."""


class CipherTooLarge(ExportError):
    """An encrypted file of the export holds far more than its size; it was made to fill a memory or a disk."""
