"""What must hold in one entry: code, amount, routing number, names, trace."""

from collections.abc import Sequence

from payment_core.ach.building.totals import DEBIT_CODES, HASH_MODULUS, Totals
from payment_core.ach.codes.routing import RDFI_WIDTH, is_routing_number
from payment_core.ach.codes.sec import EntryClass
from payment_core.ach.codes.transaction_codes import LOAN_REVERSAL, TRANSACTION_CODES, EntryKind
from payment_core.ach.model import Entry
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.validation.addenda import check_addenda, is_returned
from payment_core.ach.validation.headers import CREDITS, DEBITS, is_blank_or_zero

AMOUNT_CENTS_MAX = 9_999_999_999
"""$99,999,999.99: what 10 digits hold."""

PAYMENT_TYPES = ("R", "S")
_MUST_BE_ZERO = (EntryKind.PRENOTE, EntryKind.ZERO_DOLLAR)


class Seen:
    """What the entries of one file had so far: traces, and routing numbers with their verdict."""

    def __init__(self) -> None:
        self.traces: set[str] = set()
        self.usable_by_routing_number: dict[str, bool] = {}

    def usable(self, routing_number: str) -> bool:
        """Whether it is a routing number; each is computed once."""
        usable = self.usable_by_routing_number.get(routing_number)
        if usable is None:
            usable = is_routing_number(routing_number)
            self.usable_by_routing_number[routing_number] = usable
        return usable


class EntryCheck:
    """Checks the entries of one batch in order, and adds them up."""

    def __init__(
        self, header: BatchHeader, entry_class: EntryClass, allowed: frozenset[int], findings: Findings, seen: Seen
    ) -> None:
        self._header = header
        self._entry_class = entry_class
        self._allowed = allowed
        self._findings = findings
        self._seen = seen
        self._previous_trace = ""
        self._count = self._hashed = self._debit_cents = self._credit_cents = 0

    @property
    def totals(self) -> Totals:
        """Of the entries that were checked."""
        return Totals(self._count, self._hashed % HASH_MODULUS, self._debit_cents, self._credit_cents)

    def check(self, entry: Entry, numbers: Sequence[int], position: int, *, is_offset: bool) -> None:
        """position: of the entry among the file's records; its addenda follow."""
        line = numbers[position]
        returned = bool(entry.addenda) and is_returned(entry)
        self._check_code(entry, line, returned=returned, is_offset=is_offset)
        self._check_receiver(entry, line)
        if self._entry_class.payment_type and not (returned or is_offset):
            self._check_payment_type(entry, line)
        self._check_trace(entry, line, returned=returned)
        if entry.addenda or entry.addenda_indicator or self._entry_class.corporate_layout or self._entry_class.change:
            check_addenda(entry, self._entry_class, numbers, position, self._findings)
        self._add_up(entry)

    def _add(self, code: ErrorCode, line: int, field: str, message: str) -> None:
        self._findings.add(code, line, field, message)

    def _add_up(self, entry: Entry) -> None:
        self._count += 1 + len(entry.addenda)
        if entry.rdfi_id.isdecimal():
            self._hashed += int(entry.rdfi_id)
        if entry.transaction_code in DEBIT_CODES:
            self._debit_cents += entry.amount_cents
        else:
            self._credit_cents += entry.amount_cents

    def _check_code(self, entry: Entry, line: int, *, returned: bool, is_offset: bool) -> None:
        code = entry.transaction_code
        known = TRANSACTION_CODES.get(code)
        if known is None:
            self._add(ErrorCode.TRANSACTION_CODE_INVALID, line, "transaction_code", f"{code:02d} is no code")
            return
        is_return_code = known.kind is EntryKind.RETURN
        if returned != is_return_code:
            self._explain_return_code(line, code, returned=returned)
        elif code not in self._allowed and (not is_offset or code == LOAN_REVERSAL):
            message = f"{code} ({known.account_type} {known.direction}) is not allowed in {self._header.sec_code}"
            self._add(ErrorCode.TRANSACTION_CODE_NOT_ALLOWED, line, "transaction_code", message)
        service_class, is_debit = self._header.service_class, code in DEBIT_CODES
        if (service_class == CREDITS and is_debit) or (service_class == DEBITS and not is_debit):
            message = f"a {known.direction} in a batch of class {service_class}"
            self._add(ErrorCode.SERVICE_CLASS_MISMATCH, line, "transaction_code", message)
        self._check_amount(entry, line, known.kind)

    def _explain_return_code(self, line: int, code: int, *, returned: bool) -> None:
        if returned:
            message = f"a return or notification of change has a code that ends in 1 or 6, not {code}"
            self._add(ErrorCode.TRANSACTION_CODE_NOT_ALLOWED, line, "transaction_code", message)
        else:
            message = f"{code} is for returns and notifications, which have one addenda record 99 or 98"
            self._add(ErrorCode.ADDENDA_MISSING, line, "transaction_code", message)

    def _check_amount(self, entry: Entry, line: int, kind: EntryKind) -> None:
        cents = entry.amount_cents
        if kind in _MUST_BE_ZERO or self._entry_class.change:
            if cents:
                message = "a prenote, zero-dollar entry or notification of change moves no money"
                self._add(ErrorCode.AMOUNT_MUST_BE_ZERO, line, "amount_cents", message)
        elif cents <= 0 and kind is EntryKind.LIVE:
            self._add(ErrorCode.AMOUNT_MISSING, line, "amount_cents", "an entry that moves money needs an amount")
        elif cents > AMOUNT_CENTS_MAX:
            self._add(ErrorCode.AMOUNT_TOO_LARGE, line, "amount_cents", f"at most {AMOUNT_CENTS_MAX} cents")

    def _check_receiver(self, entry: Entry, line: int) -> None:
        if not self._seen.usable(entry.rdfi_id + entry.check_digit) or len(entry.rdfi_id) != RDFI_WIDTH:
            message = "must be a routing number with its check digit"
            self._add(ErrorCode.ROUTING_NUMBER_INVALID, line, "rdfi_id", message)
        account = entry.account_number
        if not account.strip():
            self._add(ErrorCode.FIELD_BLANK, line, "account_number", "must not be blank")
        elif account[0] == " ":
            self._add(ErrorCode.FIELD_ALIGNMENT, line, "account_number", "must be left justified")
        if is_blank_or_zero(entry.receiver_name):
            self._add(ErrorCode.FIELD_BLANK, line, "receiver_name", "must not be blank or zero")

    def _check_payment_type(self, entry: Entry, line: int) -> None:
        payment_type = entry.discretionary_data.strip()
        if payment_type in PAYMENT_TYPES:
            return
        if payment_type.upper() in PAYMENT_TYPES:
            self._add(ErrorCode.FIELD_CASE, line, "discretionary_data", "must be in capital letters")
        else:
            message = f"{self._header.sec_code} needs the payment type R (recurring) or S (single)"
            self._add(ErrorCode.PAYMENT_TYPE_INVALID, line, "discretionary_data", message)

    def _check_trace(self, entry: Entry, line: int, *, returned: bool) -> None:
        trace = entry.trace_number
        if trace[:RDFI_WIDTH] != self._header.odfi_id:
            code = ErrorCode.RETURN_ODFI_MISMATCH if returned else ErrorCode.TRACE_ODFI_MISMATCH
            self._add(code, line, "trace_number", "must begin with the batch's ODFI id")
        if trace in self._seen.traces:
            self._add(ErrorCode.TRACE_DUPLICATE, line, "trace_number", "another entry of the file has it, too")
        elif trace <= self._previous_trace:
            self._add(ErrorCode.TRACE_ORDER, line, "trace_number", "must be above that of the entry before")
        self._seen.traces.add(trace)
        self._previous_trace = trace
