"""Invented customers, cards and providers: everything about number so-and-so follows from its number."""

from datetime import UTC, datetime

from daemon.embedded.exports.plan import ExportPlan

FIRST_NAMES = (
    "Ada",
    "Björn",
    "Chloé",
    "Dmitri",
    "Eun-ji",
    "Fatima",
    "Grace",
    "Hiroshi",
    "Inés",
    "João",
    "Kwame",
    "Łucja",
)
LAST_NAMES = (
    "Adeyemi",
    "Brown",
    "Çelik",
    "Dvořák",
    "Evans",
    "Fischer",
    "García",
    "Hansen",
    "Ito",
    "Jensen",
    "Kim",
    "O'Neil",
)
CITIES = (("Austin", "TX", "78701"), ("Portland", "OR", "97201"), ("Madison", "WI", "53703"), ("Reno", "NV", "89501"))
BRANDS = (("visa", "424242", 16), ("mastercard", "555555", 16), ("amex", "378282", 15), ("discover", "601111", 16))
"""Ranges that schemes publish for tests: no issuer gives such numbers out."""

ROUTING_NUMBERS = ("110000000", "021000021", "011401533", "091000019")
"""The first is the processor's own for tests; all have a right check digit."""

BAD_ROUTING_NUMBER = "110000001"
_ID = "abcdefghijkmnpqrstuvwxyz"


def identifier(prefix: str, number: int) -> str:
    """An id as the processor makes them: letters among the digits, so that none looks like a card number."""
    letter = _ID[number % len(_ID)]
    return f"{prefix}_1M{letter}{number:07x}{letter.upper()}Kd"


def card_number(number: int) -> tuple[str, str]:
    """Brand and number of the card with this number: another for each, with a right check digit."""
    brand, prefix, length = BRANDS[number % len(BRANDS)]
    body = f"{prefix}{number:0{length - 7}d}"
    return brand, body + check_digit(body)


def check_digit(body: str) -> str:
    """The Luhn check digit that makes a card number of these digits (ISO/IEC 7812-1)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character)
        if place % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004  # half of the base
        total += digit
    return str(-total % 10)


def name_of(number: int) -> str:
    """First and last name."""
    return f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]}"


def address_of(number: int) -> dict[str, object]:
    """A postal address, as the processor writes one."""
    city, state, code = CITIES[number % len(CITIES)]
    street = f"{number % 900 + 1} Main Street"
    return {"city": city, "country": "US", "line1": street, "line2": None, "postal_code": code, "state": state}


def customer(plan: ExportPlan, number: int) -> dict[str, object]:
    """The customer with this number, as ``/v1/customers`` writes one."""
    return {
        "id": identifier("cus", number),
        "object": "customer",
        "address": address_of(number),
        "balance": 0,
        "created": plan.began_at + number % 86_400,
        "currency": "usd",
        "default_source": None,
        "delinquent": number % 50 == 0,
        "description": None if number % 3 else f"Buyer {number} of the marketplace",
        "discount": None,
        "email": f"buyer{number}@example.com",
        "invoice_prefix": f"{number:08X}",
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": plan.livemode,
        "metadata": {} if number % 4 else {"crm": f"B{number}"},
        "name": name_of(number),
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }


def card(plan: ExportPlan, owner: int, number: int) -> dict[str, object]:
    """The card with this number, as the transfer file writes one."""
    brand, digits = card_number(number)
    city, state, code = CITIES[owner % len(CITIES)]
    year = datetime.fromtimestamp(plan.made_at, UTC).year
    return {
        "id": identifier("card", number),
        "number": digits,
        "exp_month": number % 12 + 1,
        "exp_year": year + 1 + number % 4,
        "name": name_of(owner),
        "address_line1": f"{owner % 900 + 1} Main Street",
        "address_line2": None,
        "address_city": city,
        "address_state": state,
        "address_zip": code,
        "address_country": "US",
        "brand": brand,
        "funding": "credit" if number % 3 else "debit",
        "country": "US" if number % 8 else "DE",
        "last4": digits[-4:],
        "fingerprint": fingerprint(number),
        "transaction_ids": f"MCC{number:09d}",
    }


def fingerprint(number: int) -> str:
    """The processor's fingerprint of a card's number: 16 letters and digits."""
    return f"Fp{_ID[number % len(_ID)]}{number:012x}z"


def account(plan: ExportPlan, number: int) -> dict[str, object]:
    """The connected account with this number, as ``/v1/accounts`` writes one."""
    return {
        "id": identifier("acct", number),
        "object": "account",
        "business_profile": {"mcc": "7299", "name": f"{name_of(number)} Studio", "url": None},
        "business_type": "individual",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": plan.began_at,
        "default_currency": currency_of_account(number),
        "details_submitted": True,
        "email": f"provider{number}@example.com",
        "individual": {
            "id": identifier("person", number),
            "object": "person",
            "first_name": FIRST_NAMES[number % len(FIRST_NAMES)],
            "last_name": LAST_NAMES[number % len(LAST_NAMES)],
            "address": address_of(number),
            "verification": {"status": "verified", "details": None},
        },
        "metadata": {"provider": f"P{number}"},
        "payouts_enabled": True,
        "requirements": {
            "current_deadline": None,
            "currently_due": [],
            "disabled_reason": None,
            "errors": [],
            "eventually_due": [],
            "past_due": [],
            "pending_verification": [],
        },
        "tos_acceptance": {"date": plan.began_at},
        "type": "express",
    }


def bank_account(number: int) -> dict[str, object]:
    """The bank account of the connected account with this number, as its transfer file writes it, number and all."""
    digits = f"{number * 7919 % 10**9 + 10**9}"
    return {
        "id": identifier("ba", number),
        "object": "bank_account",
        "account": identifier("acct", number),
        "account_holder_name": name_of(number),
        "account_holder_type": "individual",
        "account_number": digits,
        "account_type": "checking" if number % 5 else "savings",
        "available_payout_methods": ["standard"],
        "bank_name": "TEST BANK",
        "country": "US",
        "currency": currency_of_account(number),
        "default_for_currency": True,
        "fingerprint": fingerprint(number + 10**9),
        "last4": digits[-4:],
        "metadata": {},
        "routing_number": ROUTING_NUMBERS[number % len(ROUTING_NUMBERS)],
        "status": "verified" if number % 2 else "validated",
    }


def currency_of_account(number: int) -> str:
    """In which currency an account is paid."""
    return "eur" if number % 20 == 19 else "usd"  # noqa: PLR2004  # one in twenty
