"""Words to the outside are held against a closed list of placeholders, the page's parts, rules and channels."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.load import DEFAULTS, load_configuration
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.public.communication import Communication
from config.public.placeholders import PLACEHOLDERS, fault_of, fields_of
from config.public.reading import read_public
from config.whole.difference import difference

ENVIRON = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
LETTER = {"name": "one", "audience": "providers", "phase": "identified", "subject": "S", "body": "B"}


def file(tmp_path: Path, **changes: object) -> Path:
    """A communication with these values."""
    shape: dict[str, object] = {"kind": "own", "title": "Something is wrong", "updates": {"investigating": "We look."}}
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(shape | changes), encoding="utf-8")
    return path


def directory(tmp_path: Path, page: dict[str, object], settings: dict[str, object] | None = None) -> Path:
    """A configuration with this page."""
    (tmp_path / "status-page.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    if settings is not None:
        (tmp_path / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"updates": {"investigating": "Since {began}."}}, "{began} is not declared"),
        ({"placeholders": {"began": "moment"}}, "nothing uses began"),
        ({"placeholders": {"amount": "count"}}, "amount is no placeholder"),
        ({"placeholders": {"began": "count"}, "updates": {"investigating": "{began}"}}, "began is no count"),
        ({"updates": {"investigating": "{began.year}"}}, "is more than a name"),
        ({"updates": {"investigating": "{began!r}"}}, "is more than a name"),
        ({"updates": {"investigating": "{0}"}}, "is more than a name"),
        ({"updates": {"investigating": "open {"}}, "the braces cannot be read"),
        ({"placeholders": {"ended": "moment"}, "updates": {"identified": "{ended}"}}, "known once it is over"),
        ({"placeholders": {"starts": "moment"}, "updates": {"identified": "{starts}"}}, "known of maintenance alone"),
        ({"updates": {"investigating": "Card 4242 4242 4242 4242"}}, "so many digits"),
        ({"updates": {"investigating": "Write to anna@example.com"}}, "e-mail address"),
        ({"updates": {"investigating": "See inc-25"}}, "only means something inside"),
        ({"updates": {"investigating": "It is 10.0.0.7"}}, "only means something inside"),
        ({"updates": {"investigating": "You lost $12.50"}}, "an amount of money"),
        ({"updates": {"over": "x"}}, "over"),
        ({"letters": [LETTER, LETTER]}, "two letters are called one"),
        ({"kind": "data-exposure"}, "a person's to say"),
        ({"always_person": True, "publish": "automatic"}, "something is automatic"),
        ({"always_person": True, "letters": [LETTER | {"send": "automatic"}]}, "something is automatic"),
    ],
)
def test_words_that_must_not_go_out_are_refused_when_they_load(
    tmp_path: Path, changes: dict[str, object], what: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_yaml(file(tmp_path, **changes), Communication)
    assert what in str(refused.value)


@pytest.mark.parametrize("path", sorted((DEFAULTS / "communications").glob("*.yaml")), ids=lambda path: path.stem)
def test_each_packaged_kind_is_named_after_its_file_and_says_who_must_approve(path: Path) -> None:
    found = load_yaml(path, Communication).value
    assert found.kind == path.stem
    if found.kind in {"data-exposure", "double-charge", "fraud-hold"}:
        assert found.always_person
    assert all(letter.send == "approved" for letter in found.letters)


def test_the_kinds_that_were_asked_for_are_packaged() -> None:
    found, problems = read_public(None, DEFAULTS)
    assert problems == []
    assert found is not None
    kinds = {one.kind for one in found.communications}
    assert kinds >= {
        "payment-failures",
        "payout-delay",
        "double-charge",
        "fraud-hold",
        "data-exposure",
        "maintenance",
        "migration",
    }


def test_packaged_names_are_rules_that_there_are() -> None:
    public = load_configuration(None, ENVIRON).public
    rules = {rule.id for loaded in load_configuration(None, ENVIRON).rule_files for rule in loaded.value.rules}
    named = {rule for one in public.page.components for rule in one.rules}
    named |= {rule for one in public.communications for rule in one.rules}
    assert named <= rules


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ({"components": []}, "the page shows no component"),
        ({"components": [{"id": "a", "name": "A"}, {"id": "a", "name": "B"}]}, "two components are called a"),
        ({"components": [{"id": "a", "name": "A"}], "automatic": ["medium"]}, "medium is told automatically"),
        ({"components": [{"id": "a", "name": "A"}], "rewrite_every": "1s"}, "sooner than a change may take"),
        ({"components": [{"id": "a", "name": "A", "rules": ["no-such"]}]}, "a names no-such, which no rule file has"),
        ({"components": [{"id": "a", "name": "A", "families": ["nope"]}]}, "a names nope, which no rule file has"),
        (
            {
                "components": [{"id": "a", "name": "A"}],
                "audiences": {"providers": {"contacts": [{"channel": "mail", "address": "x"}]}},
            },
            "reached by mail, which carries no letters",
        ),
    ],
)
def test_a_page_that_would_show_nothing_or_reach_nobody_is_refused(
    tmp_path: Path, page: dict[str, object], what: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(directory(tmp_path, page), ENVIRON)
    assert what in str(refused.value)


def test_a_channel_for_people_on_duty_carries_no_letters(tmp_path: Path) -> None:
    page: dict[str, object] = {
        "components": [{"id": "a", "name": "A"}],
        "audiences": {"providers": {"contacts": [{"channel": "pd", "address": "x"}]}},
    }
    settings: dict[str, object] = {"channels": {"via": {"pd": {"kind": "pagerduty", "routing_key": "k"}}}}
    with pytest.raises(ConfigurationError, match="carries no letters"):
        load_configuration(directory(tmp_path, page, settings), ENVIRON)


def test_two_files_of_one_kind_are_refused_with_both_names(tmp_path: Path) -> None:
    folder = tmp_path / "communications"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text("kind: own\ntitle: T\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"own is described in .*a\.yaml already"):
        load_configuration(tmp_path, ENVIRON)


def test_the_words_are_part_of_what_the_digest_covers(tmp_path: Path) -> None:
    before = load_configuration(None, ENVIRON).digest
    page: dict[str, object] = {"components": [{"id": "a", "name": "A"}], "company": "Other"}
    assert load_configuration(directory(tmp_path, page), ENVIRON).digest != before


def test_words_take_effect_without_a_restart_and_another_place_of_the_page_only_with_one(tmp_path: Path) -> None:
    part = {"id": "a", "name": "A"}
    before = load_configuration(directory(tmp_path, {"components": [part], "company": "Before"}), ENVIRON)
    other: dict[str, object] = {"components": [part], "company": "After", "bucket": {"name": "status.example.com"}}
    found = difference(before, load_configuration(directory(tmp_path, other), ENVIRON))
    assert [change.path for change in found.public] == ["public.page.company"]
    assert [change.path for change in found.restart] == ["public.page.bucket"]
    assert found.reloads


@given(st.sampled_from(sorted(PLACEHOLDERS)), st.text(alphabet="abc .", max_size=20))
def test_every_placeholder_is_read_and_doubled_braces_are_none(name: str, text: str) -> None:
    assert list(fields_of(f"{text}{{{name}}}{{{{{text}}}}}")) == [name]


@pytest.mark.parametrize(
    "name",
    ["inc-25", "Inc-25", "INC-25", "dep-v2.4.1-17", "Dep-2.4.1-17", "rb-9", "com-3"],
)
def test_a_name_that_only_means_something_inside_stays_inside_however_it_is_written(name: str) -> None:
    assert fault_of(f"{name} is about it.") == "a name that only means something inside"
    assert fault_of("It is over since Dec-5, as of Apr-30, and was long-running.") == ""


@given(st.text(alphabet="abcdefgh ,", max_size=80))
def test_plain_words_hold_nothing_that_must_stay_inside(text: str) -> None:
    assert fault_of(text) == ""
