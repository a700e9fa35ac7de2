"""The bank that gets our ACH files: it reads them, answers them, sends entries back, and keeps its own books."""

import random
from collections.abc import Iterator

import msgspec

from payment_core.ach.building.builder import make_file
from payment_core.ach.building.totals import DEBIT_CODES
from payment_core.ach.building.writer import write
from payment_core.ach.codes.changes import Correction
from payment_core.ach.codes.returns import RETURN_CODES, ReturnStage
from payment_core.ach.delivery.memory import MemoryDelivery
from payment_core.ach.model import AchFile as NachaFile
from payment_core.ach.model import Entry
from payment_core.ach.reading.reader import read
from tests.return_files import Answering, change_batches, return_batches

INSTITUTION = "12104288"
CODES = sorted(code for code, known in RETURN_CODES.items() if known.stage is ReturnStage.RETURN)
COMMON_CODES = ("R01", "R01", "R03", "R09", "R10", "R16", "R29")
TRACES_PER_FILE = 1000


class Bank:
    """files: what was delivered, by name. accepted: the bank's answer, by name. returned: the code, by trace.

    sent_back: files of returns and corrections, by name. wrong: what no bank should be given.
    """

    def __init__(self, delivery: MemoryDelivery) -> None:
        self._delivery = delivery
        self._sent = 0
        self._traces: set[str] = set()
        self.files: dict[str, NachaFile] = {}
        self.accepted: dict[str, bool] = {}
        self.returned: dict[str, str] = {}
        self.sent_back: dict[str, bytes] = {}
        self.wrong: list[str] = []

    def look(self) -> None:
        """Read what is new: it is a valid file, and none of its traces was ever used (I16)."""
        for name, content in self._delivery.outbound.items():
            if name in self.files:
                continue
            reading = read(content)
            if not reading.valid:
                self.wrong.append(f"I8: {name} is no valid file: {reading.errors[0].code}")
            self.files[name] = reading.file
            for entry in entries_of(reading.file):
                if entry.trace_number in self._traces:
                    self.wrong.append(f"I16: trace {entry.trace_number} was used twice")
                self._traces.add(entry.trace_number)

    def answer(self, name: str, *, accepts: bool) -> bytes:
        """Decide about a file, once; the acknowledgement to deliver."""
        decided = self.accepted.setdefault(name, accepts)
        return msgspec.json.encode({"file": name, "accepted": decided, "reason": "" if decided else "not today"})

    def returnable(self) -> list[tuple[str, Entry]]:
        """Entries of accepted files, with the file's name."""
        return [
            (name, entry) for name, file in self.files.items() if self.accepted.get(name) for entry in entries_of(file)
        ]

    def send_back(self, chance: random.Random) -> bytes | None:
        """A file that returns one or more entries of one file; now and then one that was returned before."""
        among = self.returnable()
        if not among:
            return None
        name, _ = chance.choice(among)
        entries = list(entries_of(self.files[name]))
        picked = chance.sample(entries, min(len(entries), chance.choice((1, 1, 2, 3))))
        codes: dict[str, str] = {}
        for entry in picked:
            known = self.returned.get(entry.trace_number)
            if known is not None and chance.random() < 0.8:
                continue
            codes[entry.trace_number] = chance.choice(COMMON_CODES if chance.random() < 0.7 else CODES)
            self.returned.setdefault(entry.trace_number, codes[entry.trace_number])
        if not codes:
            return None
        return self._file(self.files[name], return_batches(self.files[name], codes, self._answering()))

    def correct(self, chance: random.Random, account_number: str, routing_number: str) -> bytes | None:
        """A notification of change about one entry."""
        among = self.returnable()
        if not among:
            return None
        name, entry = chance.choice(among)
        code, correction = chance.choice(
            (
                ("C01", Correction(account_number=account_number)),
                ("C02", Correction(routing_number=routing_number)),
                ("C03", Correction(routing_number=routing_number, account_number=account_number)),
                ("C04", Correction(receiver_name="CORRECTED NAME")),
                ("C05", Correction(transaction_code=37)),
            )
        )
        batches = change_batches(self.files[name], {entry.trace_number: (code, correction)}, self._answering())
        return self._file(self.files[name], batches)

    def balance_cents(self) -> int:
        """What the account has after all that was accepted, less what was sent back."""
        return sum(_signed(entry) for _, entry in self.returnable() if entry.trace_number not in self.returned)

    def _answering(self) -> Answering:
        self._sent += 1
        return Answering(INSTITUTION, self._sent * TRACES_PER_FILE, "329")

    @staticmethod
    def _file(original: NachaFile, batches: list) -> bytes:  # type: ignore[type-arg]  # whatever was made of it
        return write(make_file(original.header, batches))


def entries_of(file: NachaFile) -> Iterator[Entry]:
    """All entries, in order."""
    return (entry for batch in file.batches for entry in batch.entries)


def _signed(entry: Entry) -> int:
    """Debits bring money, credits take it."""
    return entry.amount_cents if entry.transaction_code in DEBIT_CODES else -entry.amount_cents
