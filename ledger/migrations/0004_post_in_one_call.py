from django.db import migrations

from ledger import guards


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_seals"),
    ]

    operations = [
        migrations.RunSQL(guards.CHECKS),
        migrations.RunSQL(guards.ENTRY_CHECK),
        migrations.RunSQL(guards.POST, guards.UNDO_POST),
    ]
