"""What the simulated old processor begins with: an export is invented, and its book is what that export says."""

import os
from pathlib import Path

import pysequoia

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.old_processor.objects import (
    Object,
    account_object,
    bank_account_object,
    card_object,
    customer_object,
)
from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.opening.keys import FileKey
from payment_core.migration.export.reading import read
from payment_core.migration.export.records import START, Record
from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.payment_method import PaymentMethod

PRIVATE = 0o600
CHARGES_PER_CUSTOMER = 3
CUSTOMERS_PER_ACCOUNT = 10
HASH_KEY = bytes(32)
"""Nobody compares hashes here; reading files with numbers asks for a key."""


def make_export(directory: Path, key_file: Path, customers: int, made_at_seconds: int) -> None:
    """Invent an export, its files with numbers encrypted for the key that is made beside; it waits for the disk."""
    made = pysequoia.Tsk.generate("migration@example.com")
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(bytes(made))
    plan = ExportPlan(
        customers=customers,
        accounts=max(1, customers // CUSTOMERS_PER_ACCOUNT),
        charges=customers * CHARGES_PER_CUSTOMER,
        made_at=made_at_seconds,
        livemode=False,
    )
    write_export(directory, plan, bytes(made.extract_certificate()))


async def seeded(directory: Path, key_file: Path | None) -> list[Object]:
    """Every object of the export that has an address in the API. key_file: None where nothing is encrypted."""
    export = await Export.open(directory, None if key_file is None else FileKey(key_file), HASH_KEY)
    kinds = (Kind.CUSTOMERS, Kind.PAYMENT_METHODS, Kind.ACCOUNTS, Kind.BANK_ACCOUNTS)
    return [_object_of(one) for kind in kinds async for one in read(export, kind, START) if isinstance(one, Record)]


def _object_of(record: Record) -> Object:
    body = record.body
    if isinstance(body, Customer):
        return customer_object(body)
    if isinstance(body, PaymentMethod):
        return card_object(body)
    if isinstance(body, Account):
        return account_object(body)
    return bank_account_object(body) if isinstance(body, BankAccount) else {"id": record.id, "object": record.kind}
