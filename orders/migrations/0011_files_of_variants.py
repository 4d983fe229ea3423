"""Let a file that is sold as a download belong to one variant."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0008_variants"),
        ("orders", "0010_saved_listings"),
    ]

    operations = [
        migrations.AddField(
            model_name="digitalfile",
            name="variant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="digital_files",
                to="catalog.variant",
            ),
        ),
    ]
