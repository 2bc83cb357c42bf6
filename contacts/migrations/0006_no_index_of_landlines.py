"""`contacts_number` answers whose number it is. Apart from the filling of it, since this locks out readers."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_numbers_and_restrictions")]

    operations = [migrations.RemoveIndex(model_name="contact", name="contact_phone")]
