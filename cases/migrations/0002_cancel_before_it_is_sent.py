"""Buyers may ask a shop to cancel what was not sent yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="reason",
            field=models.CharField(
                choices=[
                    ("cancel", "I want to cancel it"),
                    ("not_received", "It has not arrived"),
                    ("not_as_described", "It is not as described"),
                    ("damaged", "It is damaged or does not work"),
                    ("incomplete", "Something is missing"),
                    ("changed_mind", "I want to send it back"),
                    ("other", "Something else"),
                ],
                max_length=20,
            ),
        ),
    ]
