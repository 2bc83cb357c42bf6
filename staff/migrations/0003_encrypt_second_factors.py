"""Encrypts the apps' secrets and the recovery codes' seeds that stand in clear text.

Deleting the clear text from the table does not delete it from older backups: whoever had access to those
should have factors reset.
"""

from django.db import migrations

from common.encryption import Unreadable, decrypt, encrypt

PURPOSE = "second factor"


def _sealed(text):
    try:
        decrypt(text, purpose=PURPOSE)
    except Unreadable:
        return encrypt(text, purpose=PURPOSE)
    return text


def _opened(text):
    try:
        return decrypt(text, purpose=PURPOSE)
    except Unreadable:
        return text


def _rewrite(apps, schema_editor, change):
    rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
    for row in rows.exclude(type="webauthn").order_by("pk"):
        data = {
            name: change(value) if name in ("secret", "seed") else value for name, value in row.data.items()
        }
        if "migrated_codes" in data:
            data["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
        row.data = data
        row.save(update_fields=["data"])


def seal(apps, schema_editor):
    _rewrite(apps, schema_editor, _sealed)


def open_again(apps, schema_editor):
    _rewrite(apps, schema_editor, _opened)


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0002_session_epoch"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(seal, open_again)]
