"""The triggers that keep numbers and restrictions write as the tables' owner, so that nobody else needs to.

With a path of their own: a temporary table of a session's own would be found first otherwise.
"""

from django.db import migrations

_FUNCTIONS = ("contacts_keep_numbers()", "contacts_keep_restrictions()")


class Migration(migrations.Migration):
    dependencies = [("contacts", "0009_customers_of_imports")]

    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {function} SECURITY DEFINER SET search_path = public, pg_temp",
            f"ALTER FUNCTION {function} SECURITY INVOKER RESET search_path",
        )
        for function in _FUNCTIONS
    ]
