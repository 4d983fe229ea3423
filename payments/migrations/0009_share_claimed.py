from django.db import migrations, models


class Migration(migrations.Migration):
    """The workers of the release sweep share what is due (payments.claims)."""

    dependencies = [("payments", "0008_card_and_network")]

    operations = [
        migrations.AddField(
            model_name="share", name="claimed_until", field=models.DateTimeField(blank=True, editable=False, null=True)
        )
    ]
