"""Makes an export: customers, cards, providers and their business into a directory, with manifest and truth beside."""

import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from daemon.embedded.exports.dirt import SPOILINGS, cut
from daemon.embedded.exports.money import Business
from daemon.embedded.exports.people import BAD_ROUTING_NUMBER, account, bank_account, card, customer
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.exports.truth import Truth
from daemon.embedded.exports.writing import Nowhere, Writer
from payment_core.migration.export.framing.piece import RECORD_BYTES_MAX
from payment_core.migration.export.kinds import SECRET_KINDS, Kind
from payment_core.migration.export.manifest import NAME, Format
from payment_core.migration.export.records import Reason

TRUTH = "truth.json"
PLATFORM_ID = "acct_1MarketplaceKd"

FORMATS: dict[Kind, Format] = {
    Kind.CUSTOMERS: Format.JSONL,
    Kind.PAYMENT_METHODS: Format.JSON,
    Kind.ACCOUNTS: Format.JSONL,
    Kind.BANK_ACCOUNTS: Format.JSONL,
    Kind.OPENING_BALANCES: Format.JSONL,
    Kind.CHARGES: Format.JSONL,
    Kind.REFUNDS: Format.JSON,
    Kind.DISPUTES: Format.JSONL,
    Kind.PAYOUTS: Format.CSV,
    Kind.BALANCE_TRANSACTIONS: Format.JSONL,
}
"""One of each, as exports are gathered from several of the processor's programs."""


def write_export(directory: Path, plan: ExportPlan, encrypt_for: bytes | None = None) -> Truth:
    """Write an export; it waits for the disk. encrypt_for: an OpenPGP certificate for the files with numbers.

    The directory is made; files of an earlier export in it are replaced. Returns what is true of it, also in
    ``truth.json``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    making = _Making(directory, plan, encrypt_for)
    making.people()
    making.providers()
    making.business()
    files = making.close()
    made_at = datetime.fromtimestamp(plan.made_at, UTC).isoformat()
    manifest = {"made_at": made_at, "livemode": plan.livemode, "account": PLATFORM_ID, "files": files}
    (directory / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    (directory / TRUTH).write_bytes(msgspec.json.format(msgspec.json.encode(making.truth)))
    return making.truth


class _Making:
    def __init__(self, directory: Path, plan: ExportPlan, encrypt_for: bytes | None) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)  # noqa: S311  # invented data, no secret
        self.truth = Truth.nothing()
        self._forms = {**FORMATS}
        if plan.cut_at == 0:
            del self._forms[Kind.OPENING_BALANCES]
        if not plan.nested_cards:
            self._forms[Kind.PAYMENT_METHODS] = Format.CSV
        self._writers = {
            kind: Writer(
                directory,
                kind,
                form,
                plan.records_per_file,
                encrypt_for if kind in SECRET_KINDS else None,
            )
            for kind, form in self._forms.items()
        }

    def people(self) -> None:
        """Customers, and their cards."""
        for number in range(self._plan.customers):
            record = customer(self._plan, number)
            if self._is_dirty() and number % 2 == 0:
                record = {"id": record["id"], "object": "customer", "deleted": True}
                self.truth.sound(Kind.CUSTOMERS, 0, "", "deleted")
            else:
                self.truth.sound(Kind.CUSTOMERS)
            self._write(Kind.CUSTOMERS, record)
            self._cards(number, record)

    def _cards(self, owner: int, record: dict[str, object]) -> None:
        first = owner * self._plan.cards
        cards = [self._card(owner, number) for number in range(first, first + self._plan.cards)]
        if not cards:
            return
        spoiled = [self._spoiled(Kind.PAYMENT_METHODS, one, self.truth) for one in cards if self._is_dirty()]
        wrapper = {
            "id": record["id"],
            "email": record.get("email"),
            "description": record.get("description"),
            "default_source": cards[0]["id"],
            "metadata": {},
        }
        writer = self._writers[Kind.PAYMENT_METHODS]
        if self._plan.nested_cards:
            whole = {**wrapper, "cards": [*cards, *spoiled]}
            writer.write_raw(msgspec.json.encode(whole), len(cards) + len(spoiled))
            return
        for one in (*cards, *spoiled):
            writer.write({**wrapper, **{f"card.{name}": value for name, value in one.items()}})

    def _card(self, owner: int, number: int) -> dict[str, object]:
        """A card; of the dirty ones a third has expired, one has a typing error, one a number that another has."""
        one = card(self._plan, owner, number)
        marks: tuple[str, ...] = ()
        if self._is_dirty():
            fate = self._random.randrange(3)
            marks = (("expired", "mistyped", "same_number")[fate],)
            if fate == 0:
                one["exp_year"] = 2021
            elif fate == 1:
                digits = str(one["number"])
                one["number"] = digits[:-1] + str((int(digits[-1]) + 1) % 10)
            else:
                other = card(self._plan, owner, number // 2)
                one.update({name: other[name] for name in ("number", "fingerprint", "last4", "brand")})
        self.truth.sound(Kind.PAYMENT_METHODS, 0, "", *marks)
        return one

    def providers(self) -> None:
        """Connected accounts, and the bank accounts they are paid to."""
        for number in range(self._plan.accounts):
            record, bank = account(self._plan, number), bank_account(number)
            marks: tuple[str, ...] = ()
            if self._is_dirty():
                marks = ("closed",)
                record["charges_enabled"] = record["payouts_enabled"] = False
                record["requirements"] = {
                    "currently_due": ["external_account"],
                    "disabled_reason": "rejected.fraud",
                    "errors": [],
                }
            self.truth.sound(Kind.ACCOUNTS, 0, "", *marks)
            self._write(Kind.ACCOUNTS, record)
            marks = ()
            if self._is_dirty():
                marks = (("bad_routing", "verification_failed")[number % 2],)
                if number % 2:
                    bank["status"] = "verification_failed"
                else:
                    bank["routing_number"] = BAD_ROUTING_NUMBER
            self.truth.sound(Kind.BANK_ACCOUNTS, 0, "", *marks)
            self._write(Kind.BANK_ACCOUNTS, bank)

    def business(self) -> None:
        """Charges and what follows from them."""
        business = Business(self._plan, self._random, self._write, self._leave_out, self.truth)
        for number in range(self._plan.charges):
            business.charge(number)
        for currencies, balance in business.openings():
            self._writers[Kind.OPENING_BALANCES].write_raw(msgspec.json.encode(balance), currencies)
        if self._plan.dirt_percent > 0:
            filler = b"a" * RECORD_BYTES_MAX
            self.truth.spoiled(Kind.CHARGES, Reason.TOO_LONG)
            self._writers[Kind.CHARGES].write_raw(b'{"id":"%s","description":"%s"}' % (b"ch_long", filler))

    def close(self) -> list[dict[str, object]]:
        """End every file; the manifest's lines."""
        return [line for writer in self._writers.values() for line in writer.close()]

    def _is_dirty(self) -> bool:
        return self._random.randrange(100) < self._plan.dirt_percent

    def _write(self, kind: Kind, record: dict[str, object]) -> None:
        self._put(kind, record, self._writers[kind], self.truth)

    def _leave_out(self, kind: Kind, record: dict[str, object]) -> None:
        """The dice are thrown all the same, so that what comes behind a cut is the same as without it."""
        self._put(kind, record, Nowhere(), Truth.nothing())

    def _put(self, kind: Kind, record: dict[str, object], writer: Writer | Nowhere, truth: Truth) -> None:
        writer.write(record)
        if not self._is_dirty():
            return
        fate = self._random.randrange(4)
        if fate == 0:
            truth.repeated(kind)
            writer.write(record)
        elif fate == 1 and self._forms[kind] is not Format.CSV:
            truth.spoiled(kind, Reason.NOT_JSON)
            writer.write_raw(cut(msgspec.json.encode({**record, "id": f"{record['id']}Z"})))
        else:
            writer.write(self._spoiled(kind, record, truth))

    def _spoiled(self, kind: Kind, record: dict[str, object], truth: Truth) -> dict[str, object]:
        """A further record like this one, with an id of its own and something wrong with it."""
        # Rows of CSV have columns for amounts and ids alone.
        ways = SPOILINGS[:2] if self._forms[kind] is Format.CSV else SPOILINGS
        spoiling = ways[self._random.randrange(len(ways))]
        spoiled, reason = spoiling(kind, {**record, "id": f"{record['id']}Z"})
        truth.spoiled(kind, reason)
        return spoiled
