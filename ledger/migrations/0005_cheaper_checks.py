from django.db import migrations

from ledger import guards


class Migration(migrations.Migration):
    """What 0004 did, for databases that met an earlier form of it; others find nothing changed."""

    dependencies = [
        ("ledger", "0004_post_in_one_call"),
    ]

    operations = [
        migrations.RunSQL(guards.POSITIONS.format(offset=0), migrations.RunSQL.noop),
        migrations.RunSQL(guards.CHECKS, migrations.RunSQL.noop),
        migrations.RunSQL(guards.ENTRY_CHECK, migrations.RunSQL.noop),
    ]
