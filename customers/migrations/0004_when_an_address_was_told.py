"""Remember when the hourly look came to a buyer whose address Stripe was not told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_count_updates"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="address_told_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
