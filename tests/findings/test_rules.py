"""What the rules say about themselves."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from fi_bump.findings.rules import FIX, Rule, Severity, rules_of, sentence


def test_only_notes_do_not_fail() -> None:
    of_compare = {Rule.MAYBE_SLOWER, Rule.INFRASTRUCTURE, Rule.FLAKY, Rule.KNOWN_FAILURE}
    notes = {
        Rule.UNPINNED,
        Rule.GATE_BEHIND,
        Rule.LINK_OUTSIDE,
        Rule.MENTION,
        Rule.UNKNOWN_TAG,
        Rule.RISK,
        Rule.STANDING_FAILURE,
        *of_compare,
    }
    notes |= {
        Rule.API_GUARDED,
        Rule.API_PIN,
        Rule.API_DEFAULT,
        Rule.API_PRECONDITION,
        Rule.API_DEPRECATED,
        Rule.API_MOVED,
        Rule.API_MEANING,
    }
    assert {rule for rule in Rule if rule.severity is Severity.note} == notes
    assert {rule for rule in Rule if rule.severity is Severity.error} == set(Rule) - notes


def test_every_rule_belongs_to_a_command() -> None:
    assert [*rules_of("check"), *rules_of("audit"), *rules_of("smoke"), *rules_of("compare")] == list(Rule)
    assert {rule for rule in Rule if rule.fixable} == {Rule.DRIFT, Rule.NEW_SITE, Rule.INTERRUPTED}
    assert {rule for rule in Rule if rule.fixable} <= set(rules_of("check"))


@pytest.mark.parametrize("rule", list(Rule), ids=lambda rule: rule.value)
def test_a_meaning_and_a_remedy_are_clauses(rule: Rule) -> None:
    for clause in (rule.meaning, rule.remedy):
        assert clause == clause.strip() != ""
        assert clause[0].islower()
        assert not clause.endswith(".")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(Rule.YANKED, Rule.YANKED.remedy, id="by hand"),
        pytest.param(Rule.INTERRUPTED, FIX, id="only by --fix"),
        pytest.param(
            Rule.DRIFT,
            "run fi-bump check --fix; for a place that it leaves alone, update the version and its checksums together, "
            "or regenerate the file",
            id="both",
        ),
    ],
)
def test_what_to_do_in_general(rule: Rule, expected: str) -> None:
    assert rule.help == expected


def test_placeholders() -> None:
    assert Rule.UNASSIGNED.remedy_for(group="kit", site=None) == (
        "say which group owns the pin: fi-bump site add --group kit SITE"
    )
    assert Rule.UNASSIGNED.remedy_for(group="GROUP SITE", site="VERSION GROUP") == (
        "say which group owns the pin: fi-bump site add --group GROUP SITE VERSION GROUP"
    )


def test_a_clause_as_a_sentence() -> None:
    assert sentence("a pin moved") == "A pin moved."
    assert sentence("fi-bump latest shows it") == "fi-bump latest shows it."


def test_the_schema_of_check_names_its_rules() -> None:
    schema = json.loads(files("fi_bump").joinpath("schemas", "check.schema.json").read_bytes())
    named = schema["$defs"]["result"]["properties"]["findings"]["items"]["properties"]["rule"]["enum"]
    # Mentions have a list of their own.
    assert sorted(named) == sorted(rule.value for rule in rules_of("check") if rule is not Rule.MENTION)
