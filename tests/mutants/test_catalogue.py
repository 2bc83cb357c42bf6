"""The catalogue of mutants is whole: no condition of a statement that the law rests on is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from messaging.actions import stop_contact, sweep
from messaging.audience.planning import EVERYBODY, insert_deliveries, of_message_file, preview
from messaging.dispatch import claim, record
from messaging.evaluation.facts import decision_of
from tests.factories import NOW, ChannelFactory, MessageFactory, OverrideFactory
from tests.mutants import catalogue
from tests.mutants.mutant import Statement, one_line
from tests.processes import ROOT

SOURCES = {
    catalogue.CLAIM_SQL: claim._CLAIM,
    catalogue.TIGHTEN_SQL: stop_contact._TIGHTEN,
    catalogue.LOOSEN_SQL: stop_contact._LOOSEN,
    catalogue.PUT_AWAY_SQL: sweep._PUT_AWAY,
    catalogue.RELEASE_SQL: sweep._RELEASE,
    catalogue.OUTCOMES_SQL: record._OUTCOMES,
    catalogue.REQUEUE_SQL: record._REQUEUE,
    catalogue.TO_UNKNOWN_SQL: record._TO_UNKNOWN,
}
MARK = "¤"
# What follows one of these words is a condition, but for a value of a CASE, a literal and a bracket that
# conditions stand in.
CONDITION = re.compile(
    r"\b(?:WHERE|AND|OR|ON|WHEN)\b"
    r"(?! (?:NOT )?\(*" + MARK + r"| NOT EXISTS| coalesce\(| '| (?:TRUE|FALSE)\b|\s*\()"
)


def test_every_statement_of_the_catalogue_has_its_source():
    assert set(SOURCES) == set(catalogue.STATEMENTS)


@pytest.mark.parametrize("statement", SOURCES, ids=lambda statement: statement.name)
def test_every_condition_of_a_statement_has_its_mutants(statement: Statement):
    sql = one_line(SOURCES[statement])
    assert {c.place: sql.count(c.whole) for c in statement.conditions if sql.count(c.whole) != 1} == {}
    assert one_line(statement.marker) in sql
    assert left_out(sql, statement) == []


def left_out(sql: str, statement: Statement) -> list[str]:
    """The beginnings of what is a condition of the statement and not in the catalogue."""
    left = sql
    for condition in sorted(statement.conditions, key=lambda c: -len(c.text)):
        if condition.turns:
            left = left.replace(condition.text, MARK)  # wherever: its neighbours may be marked already
    return [left[found.start() : found.start() + 60] for found in CONDITION.finditer(left)]


@pytest.fixture
def written(db: None) -> Iterator[list[str]]:
    """The statements that ran, each on one line."""
    statements: list[str] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(one_line(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield statements


@pytest.mark.parametrize("statement", catalogue.PLANNING, ids=lambda statement: statement.name)
def test_every_condition_of_a_plan_has_its_mutants(statement: Statement, written: list[str]):
    """Put together at run time: by medium, audience, purpose and approval."""
    channels = [ChannelFactory(), ChannelFactory(code="avanak", kind="voice")]
    for channel in channels:
        for purpose in ("notification", "survey", "promotional"):
            for is_lifted in (False, True):
                message = MessageFactory(channel=channel, purpose=purpose)
                if is_lifted:
                    OverrideFactory(message=message)
                for source in (EVERYBODY, of_message_file(message.pk)):
                    message_decision = decision_of(message, NOW)
                    preview(source, message_decision)
                    insert_deliveries(message.pk, source, message_decision, NOW)
    found = [sql for sql in written if one_line(statement.marker) in sql]
    assert len(found) == catalogue.PLANNING[statement]
    for condition in statement.conditions:
        assert {sql.count(condition.whole) for sql in found} in ({0, 1}, {1}), condition.place
    assert [left for sql in found for left in left_out(sql, statement)] == []


def test_no_two_mutants_have_one_name():
    names = [mutant.name for mutant in catalogue.all_mutants()]
    assert len(names) == len(set(names))


def test_what_is_held_twice_is_in_the_catalogue_and_both_at_once_are_a_mutant_that_must_die():
    names = {mutant.name for mutant in catalogue.all_mutants()}
    for name, (other, _why) in catalogue.HELD_TWICE.items():
        assert {name, other, " + ".join(sorted((name, other)))} <= names


def test_every_killer_is_a_test_that_there_is():
    """A test that moved away would let `make mutants` break off before its first mutant."""
    named = {test for mutant in catalogue.all_mutants() for test in mutant.tests}
    assert named
    for test in sorted(named):
        path, _, name = test.partition("::")
        source = (ROOT / path).read_text() if (ROOT / path).is_file() else ""
        assert source, test
        assert not name or f"def {name.partition('[')[0]}(" in source, test
