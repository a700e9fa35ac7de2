"""What an event of the old processor may not take back: fields that were written here, and told there after it."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.account import Account as ExportedProvider
from payment_core.migration.export.shapes.account import BankAccount as ExportedAccount
from payment_core.migration.export.shapes.customer import Customer as ExportedCustomer
from payment_core.migration.export.shapes.payment_method import PaymentMethod as ExportedCard
from payment_core.migration.running.model import ObjectKind
from payment_core.providers.model import BankAccount, Provider

Ours = Customer | PaymentMethod | BankAccount | Provider

OURS: Mapping[ObjectKind, type[Ours]] = MappingProxyType(
    {"customer": Customer, "payment_method": PaymentMethod, "bank_account": BankAccount, "account": Provider}
)


def with_ours(record: Record, ours: Ours) -> Record:
    """The record with our word in each field that dual write tells; what the other side alone knows stays its word.

    So a balance, a verification or a suspension there is taken over, also while a new name is on its way there.
    """
    body = record.body
    if isinstance(body, ExportedCustomer) and isinstance(ours, Customer):
        body = msgspec.structs.replace(
            body, name=ours.name, email=ours.email, phone=ours.phone, description=ours.description
        )
    elif isinstance(body, ExportedCard) and isinstance(ours, PaymentMethod):
        address = msgspec.structs.replace(body.address, country=ours.country)
        body = msgspec.structs.replace(body, exp_month=ours.expiry_month, exp_year=ours.expiry_year, address=address)
    elif isinstance(body, ExportedAccount) and isinstance(ours, BankAccount):
        holder_type = "company" if ours.account_class == "company" else "individual"
        body = msgspec.structs.replace(body, account_holder_name=ours.holder_name, account_holder_type=holder_type)
    elif isinstance(body, ExportedProvider) and isinstance(ours, Provider):
        body = msgspec.structs.replace(body, name=ours.name)
    return msgspec.structs.replace(record, body=body)
