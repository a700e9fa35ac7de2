"""A canary finds what lets a card number through, in each form that people write one."""

import re

from checks.redaction.canary import CANARY, FORMS, leaks
from checks.redaction.card_numbers import mask_card_numbers


def test_what_is_masked_does_not_leak() -> None:
    assert leaks(mask_card_numbers) == ()


def test_what_is_not_masked_leaks_in_every_form() -> None:
    assert leaks(lambda text: text) == tuple(FORMS)


def test_a_mask_that_knows_one_form_alone_is_found_out() -> None:
    assert "spaced" in leaks(lambda text: re.sub(r"\d{16}", "*", text))
    assert "plain" not in leaks(lambda text: text.replace(CANARY, "*"))
