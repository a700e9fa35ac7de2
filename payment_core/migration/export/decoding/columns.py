"""Rows of CSV as the processor's reports write them: columns to fields, decimals to minor units, dates to seconds."""

import csv
import re
from datetime import UTC, datetime

from payment_core.migration.export.decoding.amounts import AmountUnreadable, minor_units
from payment_core.migration.export.errors import FileUnreadable
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason

Path = tuple[str, ...]

COLUMNS_MAX = 1_000
IGNORED: Path = ()

_NAMED: dict[Kind, dict[str, str]] = {
    Kind.CHARGES: {
        **{
            f"card_{field}": f"payment_method_details.card.{field}"
            for field in ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "network")
        },
        "charge_id": "id",
        "destination_id": "transfer_data.destination",
        "payment_method_type": "payment_method_details.type",
    },
    Kind.BALANCE_TRANSACTIONS: {"balance_transaction_id": "id", "gross": "amount", "connected_account": "account"},
    Kind.REFUNDS: {"refund_id": "id"},
    Kind.DISPUTES: {"dispute_id": "id", "evidence_details_due_by": "evidence_details.due_by"},
    Kind.PAYOUTS: {"payout_id": "id", "effective_at": "arrival_date"},
    Kind.CUSTOMERS: {
        **{f"address_{field}": f"address.{field}" for field in ("line1", "line2", "city", "state", "country")},
        "address_postal_code": "address.postal_code",
        "default_source_id": "default_source",
        "invoice_settings_default_payment_method_id": "invoice_settings.default_payment_method",
    },
    Kind.ACCOUNTS: {
        "business_name": "business_profile.name",
        "requirements_disabled_reason": "requirements.disabled_reason",
    },
    Kind.BANK_ACCOUNTS: {"account_id": "account", "bank_account_id": "id"},
    Kind.OPENING_BALANCES: {"connected_account": "account"},
    Kind.PAYMENT_METHODS: {"id": "customer", "name": "customer_name", "description": "customer_description"},
}
"""Columns that are not called as the field is. In the transfer file those without ``card.`` are the customer's."""

_TIMES = frozenset({"as_of", "created", "available_on", "arrival_date", "due_by", "current_deadline"})
_MAJOR = frozenset({"amount", "fee", "net"})
"""Fields that a report with a column ``gross`` writes in whole units with decimals."""

_METADATA = re.compile(r"metadata\[(.+)\]")


class Columns:
    """The columns of one file. header: its first row. Raises FileUnreadable for one that cannot be used."""

    def __init__(self, kind: Kind, header: bytes) -> None:
        try:
            names = _fields(header)
        except UnicodeDecodeError:
            names = None
        if names is None or not 1 <= len(names) <= COLUMNS_MAX:
            raise FileUnreadable("Its first line is no header of a CSV file.")
        names = [name.strip() for name in names]
        known = {name.lower() for name in names}
        # Some files write the cards of the transfer file as card.number, others as number.
        self._is_transfer = kind is Kind.PAYMENT_METHODS and any(name.startswith("card.") for name in known)
        self._paths = [self._path(kind, name, known) for name in names]
        self._in_major_units = "gross" in known
        given = [path for path in self._paths if path != IGNORED]
        if len(given) != len(set(given)):
            raise FileUnreadable("Two columns of its header are the same field.")
        needed = "currency" if kind is Kind.OPENING_BALANCES else "id"
        if (needed,) not in given:
            what = f"Its header has no column with the {needed}; it is a CSV of another kind, or has no header."
            raise FileUnreadable(what)
        self._currency_place = self._paths.index(("currency",)) if ("currency",) in given else None
        self._needs_type = kind is Kind.BALANCE_TRANSACTIONS and ("type",) not in given

    def row(self, raw: bytes) -> dict[str, object] | Flaw:
        """The row, nested as the processor nests it in JSON; empty fields are left out."""
        try:
            values = _fields(raw)
        except UnicodeDecodeError as error:
            return Flaw(Reason.NOT_TEXT, f"byte {error.start} is not UTF-8")
        if values is None:
            return Flaw(Reason.NOT_CSV, "it is no row of CSV")
        if len(values) != len(self._paths):
            return Flaw(Reason.NOT_CSV, f"it has {len(values)} fields, the header has {len(self._paths)}")
        row: dict[str, object] = {}
        currency = "" if self._currency_place is None else values[self._currency_place].lower()
        for path, value in zip(self._paths, values, strict=True):
            if value == "" or path == IGNORED:
                continue
            try:
                _put(row, path, self._value(path, value, currency))
            except AmountUnreadable:
                return Flaw(Reason.WRONG_FIELD, f"{'.'.join(path)} is no amount of its currency")
            except ValueError:
                return Flaw(Reason.WRONG_FIELD, f"{'.'.join(path)} is no time")
        if self._needs_type:
            # The itemized reports have the category alone.
            row["type"] = row.get("reporting_category")
        return row

    def _path(self, kind: Kind, name: str, known: set[str]) -> Path:
        metadata = _METADATA.fullmatch(name)
        if metadata is not None:
            return ("metadata", metadata.group(1))
        name = name.lower()
        if f"{name}_utc" in known:
            # The same time in the zone of whoever asked for the report.
            return IGNORED
        if self._is_transfer and name.startswith("card."):
            return tuple(name.split(".")[1:])
        if kind is Kind.PAYMENT_METHODS and not self._is_transfer:
            return tuple(name.split("."))
        named = _NAMED[kind].get(name)
        if named is None:
            named = name.removesuffix("_id").removesuffix("_utc") if name != "id" else name
        return tuple(named.split("."))

    def _value(self, path: Path, value: str, currency: str) -> object:
        if path[-1] in _TIMES:
            return _seconds(value)
        if path[-1] == "currency":
            return value.lower()
        if self._in_major_units and path[-1] in _MAJOR:
            return minor_units(value, currency)
        return value


def _fields(raw: bytes) -> list[str] | None:
    """The fields of a row; None where it is none. Raises UnicodeDecodeError."""
    try:
        rows = list(csv.reader([raw.decode()], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _put(row: dict[str, object], path: Path, value: object) -> None:
    into = row
    for name in path[:-1]:
        inner = into.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        into = inner
    into[path[-1]] = value


def _seconds(value: str) -> int:
    """Unix seconds from such, or from a time as reports write it; one without a zone is UTC."""
    if value.isascii() and value.isdigit():
        return int(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())
