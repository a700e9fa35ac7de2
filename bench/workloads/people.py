"""Honest customers and providers of a marketplace over some days, with everything about them that looks like fraud."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.facts import NetworkKind, PaymentRequested, PayoutRequested

START_MS = 1_705_276_800_000
"""Monday, 2024-01-15 00:00 UTC."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
BINS, OFFICES, CARRIERS = 150, 25, 10
PLACES = {"US": (40.7, -74.0), "CA": (43.7, -79.4), "GB": (51.5, -0.1), "MX": (19.4, -99.1), "DE": (52.5, 13.4)}


@dataclass(frozen=True, slots=True)
class Event:
    """One request and what becomes of it. attack: empty for honest people. declined: what the issuer would say."""

    fact: PaymentRequested | PayoutRequested
    attack: str = ""
    declined: bool = False


@dataclass(slots=True)
class Person:
    """A customer. typical_cents: the middle of what they pay. paid: payments that succeeded so far."""

    name: str
    country: str
    cards: list[tuple[str, str]]
    devices: list[str]
    home_ip: str
    office_ip: str
    typical_cents: int
    decline_share: float
    payments_per_day: float
    created_at_ms: int
    paid: int
    first_paid_at_ms: int
    uses_vpn: bool
    place: tuple[float, float]
    chargebacks: int = 0
    travels: tuple[int, int, str] = (0, 0, "")
    gets_device_at_ms: int = 0
    bulk_at_ms: int = 0
    made: int = field(default=0)


class People:
    """A population and its payments; the same seed gives the same ones."""

    def __init__(self, seed: int, customers: int, days: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - reproducible input, not a secret
        self.days = days
        self._bins = [f"4{self.chance.randrange(100_000):05d}" for _ in range(BINS)]
        self._bin_weights = [1 / (rank + 3) for rank in range(BINS)]  # A few banks issue most cards.
        self._offices = [f"198.51.{100 + number // 250}.{number % 250}" for number in range(OFFICES)]
        self._carriers = [f"192.0.2.{number + 1}" for number in range(CARRIERS)]
        self.customers = [self._person(number, customers) for number in range(customers)]

    def bin(self) -> str:
        """The first six digits of some card."""
        return self.chance.choices(self._bins, self._bin_weights)[0]

    def events(self) -> Iterator[Event]:
        """Every payment and payout, unordered between people."""
        for person in self.customers:
            yield from self._payments(person)
        yield from self._payouts()

    def _person(self, number: int, customers: int) -> Person:
        chance = self.chance
        country = chance.choices(list(PLACES), [88, 5, 3, 2, 2])[0]
        end_ms = self.days * DAY
        new = chance.random() < 0.12
        created = START_MS + chance.randrange(end_ms) if new else START_MS - chance.randrange(5, 900) * DAY
        age_days = max(0, (START_MS - created) // DAY)
        per_day = chance.choice((0.1, 0.2, 0.3, 0.6, 1.5))
        paid = 0 if new else min(400, int(age_days * per_day * chance.random()))
        latitude, longitude = PLACES[country]
        kiosk = number < 20  # A front desk where guests pay at one tablet.
        shared = chance.random() < 0.03
        household = number // 2 if chance.random() < 0.5 else customers + number
        begins = START_MS + chance.randrange(end_ms)
        stays = chance.randrange(DAY // 2, 2 * DAY)
        abroad = chance.choice(list(PLACES))
        return Person(
            name=f"cus_{number:06d}",
            country=country,
            cards=[(f"fp_{number:06d}_{card}", self.bin()) for card in range(chance.choice((1, 1, 2, 3)))],
            devices=["dev_kiosk" if kiosk else f"dev_{number // 3 if shared else number:06d}"],
            home_ip=f"10.{household // 62_500}.{household // 250 % 250}.{household % 250}",
            office_ip=chance.choice(self._offices) if chance.random() < 0.3 else "",
            typical_cents=int(math.exp(chance.gauss(8.5, 0.7))),
            decline_share=0.3 if chance.random() < 0.02 else 0.05,
            payments_per_day=per_day,
            created_at_ms=created,
            paid=paid,
            first_paid_at_ms=created + HOUR if paid else 0,
            uses_vpn=chance.random() < 0.05,
            place=(latitude + chance.gauss(0, 2), longitude + chance.gauss(0, 2)),
            chargebacks=1 if chance.random() < 0.003 else 0,
            travels=(begins, begins + stays, abroad) if chance.random() < 0.04 else (0, 0, ""),
            gets_device_at_ms=begins if chance.random() < 0.05 else 0,
            bulk_at_ms=begins if chance.random() < 0.004 else 0,
        )

    def _payments(self, person: Person) -> Iterator[Event]:
        times = list(self._times(person))
        if person.bulk_at_ms:  # Somebody orders for a whole team.
            times += [person.bulk_at_ms + part * 4 * MINUTE for part in range(self.chance.randrange(5, 9))]
        for at_ms in sorted(times):
            if at_ms >= person.created_at_ms:
                yield from self._checkout(person, at_ms)

    def _times(self, person: Person) -> Iterator[int]:
        """Busy evenings, quiet nights."""
        chance = self.chance
        for day in range(self.days):
            expected = person.payments_per_day
            while chance.random() < expected:
                expected -= 1
                hour = min(
                    23.99, max(0.0, chance.choice((chance.gauss(19, 2), chance.gauss(12, 2), chance.random() * 24)))
                )
                yield START_MS + day * DAY + int(hour * HOUR) + chance.randrange(MINUTE)

    def _checkout(self, person: Person, at_ms: int) -> Iterator[Event]:
        """One purchase: a declined one is tried again, with the same card or another, or given up."""
        chance = self.chance
        amount = max(100, min(900_000, int(person.typical_cents * math.exp(chance.gauss(0, 0.6)))))
        if chance.random() < 0.004:
            amount = min(900_000, amount * 8)  # A holiday, once in a while.
        card = 0 if chance.random() < 0.9 else chance.randrange(len(person.cards))
        for _ in range(5):
            event = self._payment(person, at_ms, amount, person.cards[card])
            yield event
            if not event.declined:
                person.paid += 1
                person.first_paid_at_ms = person.first_paid_at_ms if person.first_paid_at_ms else at_ms
                return
            if chance.random() < 0.35:
                return
            if chance.random() < 0.4:
                card = (card + 1) % len(person.cards)
            at_ms += chance.randrange(15, 240) * SECOND

    def _payment(self, person: Person, at_ms: int, amount: int, card: tuple[str, str]) -> Event:
        chance = self.chance
        person.made += 1
        country, place, ip, kind = self._where(person, at_ms)
        device = person.devices[0]
        if person.gets_device_at_ms and at_ms > person.gets_device_at_ms:
            device = f"{device}_new"
        elif chance.random() < 0.004:
            device = f"{device}_{person.made}"  # Cookies were deleted.
        rail = "ach" if chance.random() < 0.1 else "card"
        declined = rail == "card" and chance.random() < person.decline_share
        fact = PaymentRequested(
            id=f"req_{person.name}_{person.made}",
            at_ms=at_ms,
            subject=f"pay_{person.name}_{person.made}",
            rail="card" if rail == "card" else "ach",
            amount_cents=amount,
            customer_id=person.name,
            provider_id=f"prv_{chance.randrange(300):04d}",
            method_fingerprint=card[0] if rail == "card" else f"ba_{person.name}",
            bin=card[1] if rail == "card" else "",
            card_country=person.country if rail == "card" else "",
            billing_country=person.country,
            ip=ip,
            ip_country=country,
            ip_kind=kind,
            device_id=device,
            email_domain="mailinator.com" if chance.random() < 0.0005 else "example.com",
            email_hash=f"mail_{person.name}",
            account_created_at_ms=person.created_at_ms,
            latitude_microdegrees=int(place[0] * 1_000_000),
            longitude_microdegrees=int(place[1] * 1_000_000),
            provider_device_id=f"pdev_{chance.randrange(300):04d}",
            chargeback_count=person.chargebacks,
            paid_count=person.paid,
            first_paid_at_ms=person.first_paid_at_ms,
        )
        return Event(fact, declined=declined)

    def _where(self, person: Person, at_ms: int) -> tuple[str, tuple[float, float], str, NetworkKind]:
        """Country, place, address and kind of network of a payment."""
        chance = self.chance
        begins, ends, abroad = person.travels
        if begins <= at_ms < ends:
            return abroad, PLACES[abroad], f"172.16.{chance.randrange(250)}.{chance.randrange(250)}", ""
        if person.uses_vpn and chance.random() < 0.5:
            exit_country = person.country if chance.random() < 0.6 else chance.choice(list(PLACES))
            return exit_country, PLACES[exit_country], f"203.0.113.{chance.randrange(60)}", "vpn"
        draw = chance.random()
        if draw < 0.3:  # Phones: hundreds of people behind the address of a carrier.
            return person.country, person.place, chance.choice(self._carriers), ""
        if draw < 0.6 and person.office_ip:
            return person.country, person.place, person.office_ip, ""
        return person.country, person.place, person.home_ip, ""

    def _payouts(self) -> Iterator[Event]:
        chance = self.chance
        for provider in range(300):
            changed = START_MS + chance.randrange(self.days * DAY) if chance.random() < 0.03 else 0
            reset = START_MS + chance.randrange(self.days * DAY) if chance.random() < 0.03 else 0
            for day in range(self.days):
                at_ms = START_MS + day * DAY + 15 * HOUR + chance.randrange(3 * HOUR)
                if chance.random() < 0.5:
                    continue
                yield Event(
                    PayoutRequested(
                        id=f"rpo_{provider}_{day}",
                        at_ms=at_ms,
                        subject=f"po_{provider}_{day}",
                        rail="ach",
                        amount_cents=chance.randrange(5_000, 400_000),
                        provider_id=f"prv_{provider:04d}",
                        method_fingerprint=f"ba_prv_{provider}"
                        if not changed or at_ms < changed
                        else f"ba2_{provider}",
                        ip=f"10.200.{provider // 250}.{provider % 250}",
                        ip_country="US",
                        ip_kind="vpn" if chance.random() < 0.03 else "",
                        device_id=f"pdev_{provider:04d}",
                        account_created_at_ms=START_MS - 400 * DAY,
                        bank_account_changed_at_ms=changed if changed < at_ms else 0,
                        password_reset_at_ms=reset if reset < at_ms else 0,
                        instant=chance.random() < 0.1,
                        balance_share_percent=chance.choice((20, 50, 75, 100, 100)),
                    )
                )
