from django.db import migrations


class Migration(migrations.Migration):
    """Room for the two updates that every delivery gets, and a vacuum that keeps up with a campaign."""

    dependencies = [("messaging", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE messaging_delivery SET (fillfactor = 70,"
            " autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)",
            reverse_sql="ALTER TABLE messaging_delivery RESET (fillfactor,"
            " autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        ),
    ]
