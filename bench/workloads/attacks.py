"""Attacks among the honest: card testers, guessed card ranges, accounts taken over, and mules."""

import random
from collections.abc import Iterator

from bench.workloads.people import DAY, HOUR, MINUTE, PLACES, SECOND, START_MS, Event, People
from checks.facts import NetworkKind, PaymentRequested, PayoutRequested

TESTER_KINDS = ("one-place", "few-places", "slow", "one-account")
_HIDDEN: tuple[NetworkKind, ...] = ("", "", "vpn", "proxy", "hosting", "tor")


class Attacks:
    """Attacks on a population; the same seed gives the same ones. Each has a name that begins with its kind."""

    def __init__(self, people: People, seed: int) -> None:
        self.chance = random.Random(seed * 7919 + 1)  # noqa: S311 - reproducible input, not a secret
        self._people = people
        self._number = 0

    def events(self, testers: int, ranges: int, takeovers: int, mules: int) -> Iterator[Event]:
        """So many attacks of each kind, at random times after the first day."""
        for number in range(testers):
            yield from self._card_testing(number)
        for number in range(ranges):
            yield from self._guessed_range(number)
        for number in range(takeovers):
            yield from self._payout_takeover(number)
            yield from self._customer_takeover(number)
        for number in range(mules):
            yield from self._mules(number)

    def _begin(self) -> int:
        return START_MS + DAY + self.chance.randrange((self._people.days - 1) * DAY - 3 * HOUR)

    def _card_testing(self, number: int) -> Iterator[Event]:
        """Bought numbers of any bank, 1 to 5 dollars each; four in five are dead."""
        chance = self.chance
        kind = TESTER_KINDS[number % len(TESTER_KINDS)]
        network = chance.choice(_HIDDEN)
        places = [self._address() for _ in range(3 if kind == "few-places" else 1)]
        headless = chance.random() < 0.3
        keeps_device = chance.random() < 0.5
        at_ms = self._begin()
        for attempt in range(chance.randrange(40, 160)):
            at_ms += chance.randrange(45, 150) * SECOND if kind == "slow" else chance.randrange(3, 25) * SECOND
            account = f"tst_{number}" if kind == "one-account" else f"tst_{number}_{attempt // 2}"
            yield self._payment(
                f"card-testing-{kind}-{number}",
                at_ms,
                customer=account,
                card=(f"stolen_{number}_{attempt}", self._people.bin()),
                amount=chance.randrange(100, 500),
                ip=chance.choice(places),
                network=network,
                device=f"tdev_{number}" if keeps_device else f"tdev_{number}_{attempt}",
                headless=headless,
                declined=chance.random() < 0.8,
            )

    def _guessed_range(self, number: int) -> Iterator[Event]:
        """Numbers of one bank, guessed; each attempt from another address, device and account."""
        chance = self.chance
        prefix = self._people.bin()
        addresses = [self._address() for _ in range(200)]
        at_ms = self._begin()
        for attempt in range(chance.randrange(250, 500)):
            at_ms += chance.randrange(1, 9) * SECOND
            yield self._payment(
                f"guessed-range-{number}",
                at_ms,
                customer=f"rng_{number}_{attempt}",
                card=(f"guess_{number}_{attempt}", prefix),
                amount=chance.randrange(100, 2_000),
                ip=chance.choice(addresses),
                network="proxy" if chance.random() < 0.4 else "",
                device=f"rdev_{number}_{attempt}",
                headless=chance.random() < 0.3,
                declined=chance.random() < 0.9,
            )

    def _customer_takeover(self, number: int) -> Iterator[Event]:
        """A customer's account with its stored card, emptied from far away."""
        chance = self.chance
        person = chance.choice([one for one in self._people.customers if one.payments_per_day > 0.5 and one.paid > 10])
        at_ms = self._begin()
        network = chance.choice(_HIDDEN[1:])
        country = chance.choice([one for one in PLACES if one != person.country])
        for attempt in range(chance.randrange(4, 8)):
            at_ms += chance.randrange(20, 120) * SECOND
            yield self._payment(
                f"customer-takeover-{number}",
                at_ms,
                customer=person.name,
                card=person.cards[0],
                amount=person.typical_cents * chance.randrange(8, 25),
                ip=f"100.64.{number % 250}.{attempt % 2}",
                network=network,
                device=f"adev_{number}",
                headless=False,
                declined=chance.random() < 0.3,
                country=country,
                card_country=person.country,
                paid=person.paid,
            )

    def _payout_takeover(self, number: int) -> Iterator[Event]:
        """A provider's account: password reset, other bank account, all of the money, now or after a patient day."""
        chance = self.chance
        provider = chance.randrange(300)
        at_ms = self._begin()
        patient = chance.random() < 0.25
        changed = at_ms - (chance.randrange(25, 60) * HOUR if patient else chance.randrange(5, 120) * MINUTE)
        yield Event(
            PayoutRequested(
                id=f"rpo_t{number}",
                at_ms=at_ms,
                subject=f"po_t{number}",
                rail="ach",
                amount_cents=chance.randrange(100_000, 900_000),
                provider_id=f"prv_{provider:04d}",
                method_fingerprint=f"ba_thief_{number}",
                ip=self._address(),
                ip_country=chance.choice(("US", "MX", "GB")),
                ip_kind=chance.choice(("", "vpn", "proxy", "tor")),
                device_id=f"pdev_thief_{number}",
                account_created_at_ms=START_MS - 400 * DAY,
                bank_account_changed_at_ms=changed,
                password_reset_at_ms=changed - 10 * MINUTE,
                instant=chance.random() < 0.9,
                balance_share_percent=chance.randrange(85, 101),
            ),
            f"payout-takeover-{number}",
        )

    def _mules(self, number: int) -> Iterator[Event]:
        """Fresh providers who share one bank account and one phone, and empty their balance."""
        chance = self.chance
        at_ms = self._begin()
        for mule in range(chance.randrange(5, 9)):
            at_ms += chance.randrange(10, 200) * MINUTE
            yield Event(
                PayoutRequested(
                    id=f"rpo_m{number}_{mule}",
                    at_ms=at_ms,
                    subject=f"po_m{number}_{mule}",
                    rail="ach",
                    amount_cents=chance.randrange(50_000, 300_000),
                    provider_id=f"prv_mule_{number}_{mule}",
                    method_fingerprint=f"ba_mule_{number}",
                    ip=self._address(),
                    ip_country="US",
                    ip_kind=chance.choice(("", "vpn")),
                    device_id=f"pdev_mule_{number}",
                    account_created_at_ms=at_ms - 3 * DAY,
                    bank_account_changed_at_ms=at_ms - chance.randrange(2, 60) * HOUR,
                    instant=chance.random() < 0.7,
                    balance_share_percent=chance.randrange(90, 101),
                ),
                f"mules-{number}",
            )

    def _address(self) -> str:
        return f"{self.chance.randrange(11, 99)}.{self.chance.randrange(250)}.{self.chance.randrange(250)}.9"

    def _payment(
        self,
        attack: str,
        at_ms: int,
        *,
        customer: str,
        card: tuple[str, str],
        amount: int,
        ip: str,
        network: NetworkKind,
        device: str,
        headless: bool,
        declined: bool,
        country: str = "US",
        card_country: str = "US",
        paid: int = 0,
    ) -> Event:
        self._number += 1
        latitude, longitude = PLACES[country]
        fact = PaymentRequested(
            id=f"req_attack_{self._number}",
            at_ms=at_ms,
            subject=f"pay_attack_{self._number}",
            rail="card",
            amount_cents=min(amount, 900_000),
            customer_id=customer,
            provider_id=f"prv_{self.chance.randrange(300):04d}",
            method_fingerprint=card[0],
            bin=card[1],
            card_country=card_country,
            billing_country=card_country,
            ip=ip,
            ip_country=country,
            ip_kind=network,
            device_id=device,
            headless=headless,
            email_domain="example.net",
            email_hash=f"mail_{customer}",
            account_created_at_ms=at_ms - MINUTE if not paid else START_MS - 400 * DAY,
            latitude_microdegrees=int(latitude * 1_000_000),
            longitude_microdegrees=int(longitude * 1_000_000),
            paid_count=paid,
            first_paid_at_ms=START_MS - 300 * DAY if paid else 0,
        )
        return Event(fact, attack, declined)
