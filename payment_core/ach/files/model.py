"""What is kept of entries and of the files that carry them."""

from typing import Literal

from payment_core.ach.files.states import EntryStatus, FileStatus
from payment_core.store.records import Document, Record

EntryDirection = Literal["credit", "debit"]
EntryPurpose = Literal["payout", "payment", "refund", "micro", "prenote", "reversal"]
SecCode = Literal["PPD", "CCD", "WEB", "TEL"]
AccountType = Literal["checking", "savings"]


class AchEntry(Document, frozen=True, gc=False, kw_only=True, tag="ach_entry"):
    """One credit or debit to one account.

    subject_id: the payout, payment, bank account or reversed entry that it is for. bank_token: of the number in the
    vault. not_before_ms: it goes into no file before. effective_on: ISO date that we asked for. settles_at_ms: when it
    settles unless it is returned; first_settles_at_ms: when its first presentation did. attempt: 0, or which
    presentation of a returned debit this is. retries_entry_id: the entry that this one presents again; retry_entry_id:
    the one that presents this again. reversal_entry_id: the one that takes this back. failure: why it was canceled
    after it had been in a file. submitted_at_ms, settled_at_ms: 0 until then.
    """

    status: EntryStatus = "queued"
    direction: EntryDirection
    sec: SecCode
    purpose: EntryPurpose
    subject_id: str
    bank_account_id: str
    bank_token: str
    routing_number: str
    account_type: AccountType
    amount_cents: int
    individual_id: str
    individual_name: str
    description: str
    same_day: bool = False
    not_before_ms: int
    file_id: str = ""
    trace_number: str = ""
    effective_on: str = ""
    settles_at_ms: int = 0
    first_settles_at_ms: int = 0
    submitted_at_ms: int = 0
    settled_at_ms: int = 0
    return_code: str = ""
    return_trace: str = ""
    failure: str = ""
    attempt: int = 0
    retries_entry_id: str = ""
    retry_entry_id: str = ""
    reversal_entry_id: str = ""

    @property
    def owner(self) -> str:
        """The bank account that it goes to or comes from."""
        return self.bank_account_id

    @property
    def due_at_ms(self) -> int:
        """When it may go into a file."""
        return max(1, self.not_before_ms) if self.status == "queued" else 0


class AchFile(Document, frozen=True, gc=False, kw_only=True, tag="ach_file"):
    """One file. Its bytes are made once, sealed, and never again.

    spread: the state of the file that its entries have followed. modifier: position 34 of the file header. made_at_ms:
    the creation time in the header. effective_on: ISO date. submit_by_ms: our bank's cut-off. offset_sequence: of the
    first offset entry's trace, 0 without any. name: under which it is delivered. content: the parts that hold the
    sealed bytes. size_bytes, sha256: of the bytes before sealing. counts and totals are those of the file control;
    items_*: without offset entries. attempts: to send. next_at_ms: when a job looks at it again, 0 for never. problem:
    why it does not go on by itself. resend_confirmed: a person has made sure that the bank has not got it.
    """

    status: FileStatus = "claiming"
    spread: FileStatus = "claiming"
    odfi_routing_number: str
    modifier: str
    made_at_ms: int
    effective_on: str
    same_day: bool
    submit_by_ms: int
    settles_at_ms: int
    offset_sequence: int = 0
    name: str = ""
    content: str = ""
    content_parts: int = 0
    sha256: str = ""
    size_bytes: int = 0
    batch_count: int = 0
    entry_count: int = 0
    entry_hash: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    items_debit_cents: int = 0
    items_credit_cents: int = 0
    attempts: int = 0
    lease_until_ms: int = 0
    next_at_ms: int = 0
    problem: str = ""
    resend_confirmed: bool = False
    submitted_at_ms: int = 0
    acknowledged_at_ms: int = 0
    rejected_for: str = ""

    @property
    def due_at_ms(self) -> int:
        """When a job has to look at it."""
        return self.next_at_ms


class FileChunk(Record, frozen=True, gc=False, kw_only=True, tag="ach_file_chunk"):
    """A few entries of a file that change together; its id sorts by their traces.

    reached: the state of the file that they have followed.
    """

    file_id: str
    entry_ids: tuple[str, ...]
    reached: FileStatus = "claiming"

    @property
    def owner(self) -> str:
        """The file."""
        return self.file_id


class ContentPart(Record, frozen=True, gc=False, kw_only=True, tag="ach_content"):
    """A piece of sealed bytes, because one item of a store has a limit. subject_id: the file, or the return file."""

    subject_id: str
    sealed: bytes

    @property
    def owner(self) -> str:
        """What it belongs to."""
        return self.subject_id


class TraceCounter(Record, frozen=True, gc=False, kw_only=True, tag="ach_trace_counter"):
    """The last trace sequence given out; its id is the ODFI's first 8 digits.

    It goes on over days, so that a return names one entry alone; after 9,999,999 it begins again.
    rounds: how often it did.
    """

    last: int = 0
    rounds: int = 0


class TraceOwner(Record, frozen=True, gc=False, kw_only=True, tag="ach_trace"):
    """Which entry a trace number belongs to; its id is the trace number."""

    entry_id: str
    claimed_at_ms: int


class FileDay(Record, frozen=True, gc=False, kw_only=True, tag="ach_file_day"):
    """How many files were begun; its id is the origin and the day in New York."""

    files: int = 0


class OpenFile(Record, frozen=True, gc=False, kw_only=True, tag="ach_open_file"):
    """The file that collects entries now; its id is the ODFI, the effective date and the settlement instant."""

    file_id: str


class FileName(Record, frozen=True, gc=False, kw_only=True, tag="ach_file_name"):
    """Which file has a name; its id is the name under which the file is delivered."""

    file_id: str


class DebitDay(Record, frozen=True, gc=False, kw_only=True, tag="ach_debit_day"):
    """Debits by the day on which they were originated, with those of them that came back; its id is the date."""

    originated: int = 0
    unauthorized: int = 0
    administrative: int = 0
    returned: int = 0


FILE_RECORDS: tuple[type[Record], ...] = (
    AchEntry,
    AchFile,
    FileChunk,
    ContentPart,
    TraceCounter,
    TraceOwner,
    FileDay,
    OpenFile,
    FileName,
    DebitDay,
)
