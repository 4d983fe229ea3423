"""Let what counts a season's orders and refunds read those alone, however many there were before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0014_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="share",
            index=models.Index(fields=["opened_at"], name="share_opened"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["planned_at"], name="refund_planned"),
        ),
    ]
