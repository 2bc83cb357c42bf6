from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Entries that were written before are kept: the constraint holds what comes from now on."""

    dependencies = [
        ("contacts", "0002_relations"),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="consententry",
            constraint=models.CheckConstraint(
                condition=~Q(source="voc_call") | Q(call__isnull=False), name="consent_entry_has_its_call"
            ),
        ),
    ]
