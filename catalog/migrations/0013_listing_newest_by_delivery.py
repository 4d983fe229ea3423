from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0012_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                fields=["delivery", "-published_at", "-id"],
                name="listing_newest_by_delivery",
                condition=models.Q(("status", "published")),
            ),
        ),
    ]
