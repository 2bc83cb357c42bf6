"""What a mutant is: one condition of a statement that sends, or one rule of the policy, made wrong.

A statement of SQL is changed on its way to the database, so that constants, SQL put together at run time and
Django's own queries are mutated alike. A mutant counts how often it was applied: one that never was proves
nothing, and is reported as a fault of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

Execute = Callable[..., Any]


def one_line(sql: str) -> str:
    """SQL with its white space folded: no literal of ours holds any that matters."""
    return " ".join(sql.split())


@dataclass(frozen=True)
class Condition:
    """A condition as it stands in a statement (white space folded), between ‹ and ›.

    Text outside them names the place where the condition stands twice. `off` is what is left where it is
    removed: TRUE of one that narrows, FALSE of one that refuses or holds, None where it is that already.
    `turns` is False where the opposite cannot be written (a lock, a limit). `tests` are those that must fail,
    where not the statement's.
    """

    place: str
    off: str | None = "TRUE"
    tests: tuple[str, ...] = ()
    turns: bool = True

    @property
    def text(self) -> str:
        return self.place.partition("‹")[2].partition("›")[0]

    @property
    def whole(self) -> str:
        return self.place.replace("‹", "").replace("›", "")

    def put(self, other: str) -> str:
        """The place with something else in it."""
        before, _mark, rest = self.place.partition("‹")
        return before + other + rest.partition("›")[2]


@dataclass(frozen=True)
class Statement:
    """A statement by name: `marker` is a text that it alone holds; `tests` are those that must fail."""

    name: str
    marker: str
    tests: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Replacement:
    """Text put in place of another in every statement that holds the marker."""

    marker: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """`name` says what was made wrong; `tests` are pytest's node ids, the quickest to fail first.

    Either statements are changed on their way to the database, or the rule `rule` is switched off.
    """

    name: str
    tests: tuple[str, ...]
    replacements: tuple[Replacement, ...] = ()
    rule: str = ""

    def __add__(self, other: Mutant) -> Mutant:
        """Both at once."""
        return replace(
            self,
            name=f"{self.name} + {other.name}",
            tests=tuple(dict.fromkeys((*self.tests, *other.tests))),
            replacements=self.replacements + other.replacements,
        )


def mutants_of(statement: Statement) -> Iterator[Mutant]:
    """Each condition removed, and turned round."""
    for condition in statement.conditions:
        variants = {"removed": condition.off} if condition.off is not None else {}
        if condition.turns:
            variants["turned round"] = f"NOT coalesce(({condition.text}), FALSE)"
        for way, new in variants.items():
            yield Mutant(
                f"{statement.name}: {condition.place} {way}",
                condition.tests or statement.tests,
                (Replacement(one_line(statement.marker), condition.whole, condition.put(new)),),
            )


class Applied:
    """Which parts of a mutant changed something that ran."""

    def __init__(self, mutant: Mutant) -> None:
        self.missing: set[Replacement | str] = {*mutant.replacements, *([mutant.rule] if mutant.rule else [])}


def put_in_place(mutant: Mutant) -> Applied:
    """Make this process run with the mutant, on every connection that it has or opens."""
    applied = Applied(mutant)
    if mutant.rule:
        _switch_off(mutant.rule, applied)

    def execute_mutated(execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        line = one_line(sql)
        for change in mutant.replacements:
            if change.marker in line and change.old in line:
                sql = line = line.replace(change.old, change.new)
                applied.missing.discard(change)
        return execute(sql, params, many, context)

    def watch(sender: Any, connection: Any, **_kwargs: Any) -> None:
        # Once only: a condition turned round twice is the old one.
        if execute_mutated not in connection.execute_wrappers:
            connection.execute_wrappers.append(execute_mutated)

    connection_created.connect(watch, weak=False)
    watch(None, connection)
    return applied


def _switch_off(name: str, applied: Applied) -> None:
    from messaging.policy import decide, rules

    def passes(_facts: Any) -> rules.Ruling:
        applied.missing.discard(name)
        return rules.PASS

    table = tuple(replace(rule, judge=passes) if rule.name == name else rule for rule in rules.RULES)
    for module in (decide, rules):
        vars(module)["RULES"] = table
