"""Triggers by which PostgreSQL refuses what the code forbids, also to a session of its own.

pgtrigger's template asks the setting `pgtrigger.ignore` first, which every session may set; these ask none.
`tests/architecture/test_guards.py` reads the catalogue and fails for a trigger that does.
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from pgtrigger import compiler


class GuardSql(compiler.UpsertTriggerSql):
    """pgtrigger's installation without its switch. Migrations refer to it: a change needs a new class."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}()
            RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class GuardTrigger(pgtrigger.Trigger):
    """A trigger with a function of its own, without the switch."""

    def compile(self, model: Any) -> compiler.Trigger:
        compiled = super().compile(model)
        given = {name: value for name, value in compiled.sql.kwargs.items() if name != "ignore_func_name"}
        return compiler.Trigger(name=compiled.name, sql=GuardSql(**given))


class Guard(GuardTrigger, pgtrigger.Protect):
    """Refuses an operation on a row, where a condition is given only those that meet it."""


def frozen(name: str, *fields: str) -> Guard:
    return Guard(name=name, operation=pgtrigger.Update, condition=pgtrigger.AnyChange(*fields))


class _ChangedAfter(pgtrigger.Condition):
    """True where one of the fields changes although the first of them had a value."""

    def __init__(self, *fields: str) -> None:
        self.fields = fields

    def resolve(self, model: Any) -> str:
        column = model._meta.get_field(self.fields[0]).column
        return f'(OLD."{column}" IS NOT NULL AND ({pgtrigger.AnyChange(*self.fields).resolve(model)}))'


def set_once(name: str, field: str, *together: str) -> Guard:
    """Refuses an update of `field`, or of those set together with it, once it has a value."""
    return Guard(name=name, operation=pgtrigger.Update, condition=_ChangedAfter(field, *together))


def kept(prefix: str) -> list[pgtrigger.Trigger]:
    return [Guard(name=f"{prefix}_stays", operation=pgtrigger.Delete), _no_truncate(prefix)]


def append_only(prefix: str) -> list[pgtrigger.Trigger]:
    return [
        Guard(name=f"{prefix}_grows_only", operation=pgtrigger.Update | pgtrigger.Delete),
        _no_truncate(prefix),
    ]


def _no_truncate(prefix: str) -> GuardTrigger:
    return GuardTrigger(
        name=f"{prefix}_keeps_all",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
    )
