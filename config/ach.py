"""What an operator agrees with the bank that sends ACH files: names, numbers, hours, limits and where files go."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.model import Duration, Model, refusal

_ROUTING_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)

RoutingNumber = Annotated[str, Field(pattern=r"^[0-9]{9}$", examples=["231380104"])]
WallClock = Annotated[
    str,
    Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="A time of day in New York", examples=["16:45"]),
]
Cents = Annotated[int, Field(ge=1, le=9_999_999_999)]
Printable = r"^[ -~]*$"


class Odfi(Model):
    """The bank that sends our files. immediate_origin: as it assigned it, or a blank and a routing number."""

    routing_number: RoutingNumber
    name: str = Field(min_length=1, max_length=23, pattern=Printable)
    immediate_destination: RoutingNumber
    immediate_origin: str = Field(min_length=9, max_length=10, pattern=Printable)
    origin_name: str = Field(min_length=1, max_length=23, pattern=Printable)


class Company(Model):
    """The originator as the receivers' statements show it."""

    id: str = Field(min_length=1, max_length=10, pattern=Printable)
    name: str = Field(min_length=1, max_length=16, pattern=Printable)
    payout_description: str = Field(default="PAYOUT", min_length=1, max_length=10, pattern=Printable)


class Window(Model):
    """A same-day window of the operator. deadline: of the operator, not of our bank. settlement: that day."""

    deadline: WallClock
    settlement: WallClock


class Hours(Model):
    """buffer_minutes: how long before the operator's deadline our bank closes. standard_cutoff: of our bank.

    build_ahead_minutes: a file is built so long before the bank closes; 10080 builds whenever something waits.
    """

    same_day_windows: tuple[Window, ...] = Field(strict=False, max_length=6)
    buffer_minutes: int = Field(ge=0, le=180)
    standard_cutoff: WallClock
    standard_settlement: WallClock
    build_ahead_minutes: int = Field(ge=1, le=10_080)

    @model_validator(mode="after")
    def ascending(self) -> "Hours":
        """A later window never closes before an earlier one."""
        deadlines = [window.deadline for window in self.same_day_windows]
        if deadlines != sorted(set(deadlines)):
            raise refusal("the same-day windows are not in the order of their deadlines", "sort them, each one once")
        for window in self.same_day_windows:
            if window.settlement <= window.deadline:
                what = f"the window of {window.deadline} settles before it closes"
                raise refusal(what, "give the settlement time that the operator publishes")
        return self


class Offset(Model):
    """Our own account that balances each batch, for banks that ask for it. token: of the number in the vault."""

    routing_number: RoutingNumber
    account_token: str = Field(min_length=1, max_length=64)
    account_type: Literal["checking", "savings"] = "checking"


class Files(Model):
    """entries_max: in one file. acknowledgement: whether the bank says that it took a file.

    implied: silence counts as yes. pickup: whether what was delivered stays visible; ``removes`` makes its absence
    mean nothing, so that after a crash a person decides whether to send again.
    """

    entries_max: int = Field(default=4000, ge=1, le=9000)
    acknowledgement: Literal["required", "implied"] = "required"
    pickup: Literal["keeps", "removes"] = "keeps"
    line_ending: Literal["lf", "crlf"] = "lf"
    offset: Offset | None = None


class PayoutTerms(Model):
    """What a payout must meet. approval_from_cents: from this amount on so many different people must approve.

    bank_change_hold: how long a changed bank account waits for its first payout. weekly_on: 1 Monday to 5 Friday.
    """

    minimum_cents: Cents
    daily_limit_cents: Cents
    monthly_limit_cents: Cents
    approval_from_cents: Cents
    approvals: int = Field(ge=1, le=5)
    bank_change_hold: Duration
    schedule_at: WallClock
    weekly_on: int = Field(ge=1, le=5)

    @model_validator(mode="after")
    def in_order(self) -> "PayoutTerms":
        """The minimum fits into the day, and the day into the month."""
        if not self.minimum_cents <= self.daily_limit_cents <= self.monthly_limit_cents:
            what = "minimum_cents, daily_limit_cents and monthly_limit_cents are not ascending"
            raise refusal(what, "raise the limits or lower the minimum")
        return self


class Ach(Model):
    """``ach.yaml``: the bank, the company, the hours, the files and the payouts."""

    odfi: Odfi
    company: Company
    hours: Hours
    same_day_amount_cents_max: Cents = Field(description="For each entry; Nacha's limit is $1,000,000 and may rise")
    credit_banking_days: int = Field(default=1, ge=1, le=2)
    debit_banking_days: int = Field(default=1, ge=1, le=1)
    files: Files
    payouts: PayoutTerms

    @model_validator(mode="after")
    def routing_numbers_exist(self) -> "Ach":
        """Each routing number has the right check digit."""
        places: list[tuple[tuple[str | int, ...], str]] = [
            (("odfi", "routing_number"), self.odfi.routing_number),
            (("odfi", "immediate_destination"), self.odfi.immediate_destination),
        ]
        if self.files.offset is not None:
            places.append((("files", "offset", "routing_number"), self.files.offset.routing_number))
        for at, number in places:
            digits = zip(number, _ROUTING_WEIGHTS, strict=True)
            if number == "0" * 9 or sum(int(digit) * weight for digit, weight in digits) % 10:
                raise refusal(f"{number} is no routing number", "check its nine digits with the bank", at)
        return self
