"""One invented sale, and the part of its charge that its fate does not change."""

import msgspec

from daemon.embedded.exports.people import CITIES, ROUTING_NUMBERS, card_number, fingerprint, identifier, name_of
from daemon.embedded.exports.plan import ExportPlan


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """owner: the customer's number. account: the connected account's; None for a sale of the platform's own."""

    number: int
    owner: int
    account: int | None
    currency: str
    amount: int
    is_ach: bool
    is_abroad: bool

    @property
    def charge_id(self) -> str:
        """The processor calls charges of bank accounts payments, and names them so."""
        return identifier("py" if self.is_ach else "ch", self.number)

    def written(self, plan: ExportPlan) -> dict[str, object]:
        """The charge, as ``/v1/charges`` writes it."""
        city, state, code = CITIES[self.owner % len(CITIES)]
        return {
            "id": self.charge_id,
            "object": "charge",
            "amount": self.amount,
            "application_fee": None if self.account is None else identifier("fee", self.number),
            "billing_details": {
                "address": {"city": city, "country": "US", "line1": None, "postal_code": code, "state": state},
                "email": f"buyer{self.owner}@example.com",
                "name": name_of(self.owner),
                "phone": None,
            },
            "calculated_statement_descriptor": "MARKETPLACE",
            "currency": self.currency,
            "customer": identifier("cus", self.owner),
            "description": None if self.number % 3 else f"Booking {self.number}",
            "fraud_details": {},
            "livemode": plan.livemode,
            "metadata": {} if self.number % 5 else {"booking": f"B{self.number}"},
            "on_behalf_of": None,
            "outcome": {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"},
            "payment_intent": identifier("pi", self.number),
            "payment_method": identifier("ba" if self.is_ach else "card", self.owner * max(1, plan.cards)),
            "payment_method_details": self._bank_account() if self.is_ach else self._card(plan),
            "receipt_email": None,
            "receipt_url": "https://pay.example.com/receipts/CAcaFwoVYWNjdF8xTTJKVGtMa2RJd0h1N2l4KOvG06AGMgZfBXyr1aw6LBa9",
            "refunds": None,
            "shipping": None,
            "statement_descriptor": None,
            "transfer": None if self.account is None else identifier("tr", self.number),
            "transfer_data": None if self.account is None else {"destination": identifier("acct", self.account)},
            "transfer_group": None,
        }

    def _card(self, plan: ExportPlan) -> dict[str, object]:
        number = self.owner * max(1, plan.cards)
        brand, digits = card_number(number)
        return {
            "card": {
                "brand": brand,
                "checks": {"address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": None},
                "country": "DE" if self.is_abroad else "US",
                "exp_month": number % 12 + 1,
                "exp_year": 2028,
                "fingerprint": fingerprint(number),
                "funding": "credit" if number % 3 else "debit",
                "installments": None,
                "last4": digits[-4:],
                "network": brand,
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        }

    def _bank_account(self) -> dict[str, object]:
        return {
            "us_bank_account": {
                "account_holder_type": "individual",
                "account_type": "checking",
                "bank_name": "TEST BANK",
                "fingerprint": fingerprint(self.owner + 10**9),
                "last4": "6789",
                "routing_number": ROUTING_NUMBERS[0],
            },
            "type": "us_bank_account",
        }
