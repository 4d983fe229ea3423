import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def note_what_is_borne(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Losses that were booked already."""
    disputes = apps.get_model("payments", "Dispute").objects
    disputes.filter(status="lost").exclude(settled_at=None).update(
        borne=models.F("withdrawn") - models.F("reinstated"), bookings=1
    )


class Migration(migrations.Migration):
    """The end of a dispute can be booked again when it changes: won on appeal, or another amount."""

    dependencies = [
        ("payments", "0009_share_claimed"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="share",
            name="share_amounts_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="share",
            name="share_left_not_negative",
        ),
        migrations.AddField(
            model_name="dispute",
            name="bookings",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="dispute",
            name="borne",
            field=models.BigIntegerField(default=0, help_text="Of what the bank has, booked against whoever bears it."),
        ),
        migrations.AddField(
            model_name="dispute",
            name="lines",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="refund",
            name="paid_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="paid_refunds",
                to="payments.dispute",
            ),
        ),
        migrations.AddField(
            model_name="share",
            name="restored",
            field=models.BigIntegerField(
                default=0, help_text="The seller's again: they had paid it off for a dispute that was won after all."
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fee__gte", 0),
                    ("fee_returned__gte", 0),
                    ("gross__gt", 0),
                    ("refunded__gte", 0),
                    ("released__gte", 0),
                    ("restored__gte", 0),
                    ("taken__gte", 0),
                ),
                name="share_amounts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("gross__gte", models.F("fee") + models.F("taken") + models.F("released") - models.F("restored"))
                ),
                name="share_left_not_negative",
            ),
        ),
        migrations.RunPython(note_what_is_borne, migrations.RunPython.noop),
    ]
