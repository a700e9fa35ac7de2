"""A mistake in fraud.yaml that only the vocabulary of facts can see is reported where it stands."""

from pathlib import Path

import pytest

from config.loading.problems import ConfigurationError
from tests.unit.checks.scoring.fraud_facts import HEAD, default_rules, rule, rules_of

COUNT = "measure: {count: 'true', window: 1h}"


@pytest.mark.parametrize(
    ("line", "what", "fix"),
    [
        (rule("one", "where: 'ip_knd == 1'"), "no field 'ip_knd'", "write ip_kind"),
        (rule("one", "where: \"ip_kind == 'torr'\""), "never 'torr'", "write 'tor'"),
        (rule("one", "where: amount_cents"), "a condition is true or false", "compare it"),
        (rule("one", family="frst"), "no family 'frst'", "write first"),
        (rule("one", points=0), "adds no points", "mode: shadow"),
        (rule("one", "per: [ip]"), "per is for a measure", "delete per"),
        (rule("one", "breach: '> 1'"), "no measure to hold", "delete breach"),
        (rule("one", f"per: [ip], {COUNT}"), "a measure but no breach", "add a line"),
        (rule("one", f"per: [ipp], {COUNT}, breach: '> 1'"), "no field 'ipp'", "write ip"),
        (rule("one", f"per: [amount_cents], {COUNT}, breach: '> 1'"), "amount_cents is a number", "name a text"),
        (rule("one", f"per: [ip, ip], {COUNT}, breach: '> 1'"), "named twice", "once"),
        (
            rule("one", f"of: payment.attempt, per: [ip], {COUNT}, breach: '> 1'"),
            "no kind of fact",
            "write payment.att",
        ),
        (rule("one", f"of: payout, per: [ip], {COUNT}, breach: '> 1'"), "payout has no field 'ip'", ""),
        (rule("one", f"per: [ip], {COUNT}, breach: '> 1%'"), "has no unit %", "the number alone"),
        (rule("one", f"per: [ip], {COUNT}, breach: '== 1'"), "a number that grows", "> 10"),
        (rule("one", f"per: [ip], {COUNT}, breach: '> 1 for 5m'"), "scored at once", "delete 'for'"),
        (rule("one", f"per: [ip], {COUNT}, breach: 'many'"), "a limit starts with", "operator"),
        (rule("one", "per: [ip], measure: {count: 'true', window: 32d}, breach: '> 1'"), "longer than 31 d", "31d"),
        (rule("one", "per: [ip], measure: {count: 'true', window: 1ms}, breach: '> 1'"), "shorter than a sec", "1s"),
        (rule("one", "per: [ip], measure: {count: 'amount_cents', window: 1h}, breach: '> 1'"), "true or false", ""),
        (rule("one", "per: [ip], measure: {sum: 'ip', window: 1h}, breach: '> 1'"), "a text, not a number", "amount"),
        (rule("one", "per: [ip], measure: {distinct: amount_cents, window: 1h}, breach: '> 1'"), "is a number", ""),
        (rule("one", "measure: {ratio: 'true', window: 1h}, breach: '> 1'"), "is a share", "percentage"),
        (
            rule("one", "measure: {ratio: 'true', window: 1h, baseline: 5m}, breach: '> 1'"),
            "baseline is not longer",
            "more than 3600s",
        ),
        (
            rule("one", "of: payment.attempted, per: [ip], measure: {deviation: amount_cents}, breach: '> 4'"),
            "against others of its kind",
            "delete of",
        ),
        (rule("one", "per: [ip], measure: {speed: [ip, ip], window: 1h}, breach: '> 4'"), "ip is a text", ""),
        (rule("one") + rule("one"), "'one' is used already, in line 3", "another id"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_its_fix(tmp_path: Path, line: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rules_of(tmp_path, HEAD + line)
    problem = caught.value.problems[0]
    assert what in problem.what
    assert fix in problem.fix
    assert problem.line == (4 if "already" in what else 3)
    assert problem.column > 1


def test_every_mistake_of_the_file_is_reported_at_once(tmp_path: Path) -> None:
    text = HEAD + rule("one", "where: nothing") + rule("two", family="fith")
    text += "hard: [{id: three, on: payout.requested, where: nothing, reason: rr, summary: s}]\n"
    text += "allow: [{id: one, on: payout.requested, where: nothing, reason: rr, summary: s}]\n"
    text += "lists: [{list: block, kind: ip, value: 1.2.3, reason: r, author: a, expires: 2027-01-01T00:00:00Z}]\n"
    with pytest.raises(ConfigurationError) as caught:
        rules_of(tmp_path, text)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5, 6, 6, 7]


@pytest.mark.parametrize(
    ("kind", "value", "secret"), [("card", '"4242 4242 4242 4242"', "4242"), ("email", "ann@example.com", "ann@")]
)
def test_a_list_never_takes_or_repeats_a_card_number_or_an_address(
    tmp_path: Path, kind: str, value: str, secret: str
) -> None:
    listed = f"{{list: block, kind: {kind}, value: {value}, reason: r, author: a, expires: 2027-01-01T00:00:00Z}}"
    with pytest.raises(ConfigurationError) as caught:
        rules_of(tmp_path, f"{HEAD}{rule('one')}lists: [{listed}]\n")
    assert secret not in str(caught.value)
    assert ":4:" in str(caught.value)


def test_the_packaged_rules_compile_and_their_version_is_theirs(tmp_path: Path) -> None:
    rules = default_rules()
    assert {compiled.rule.family for compiled in rules.rules} == set(rules.fraud.families)
    assert rules.longest_window_ms == 30 * 86_400_000
    other = rules_of(tmp_path, HEAD + rule("one"))
    assert len(rules.version) == len(other.version) == 16
    assert rules.version != other.version
