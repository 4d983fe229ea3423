import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_refunds_of_several_orders"),
    ]

    operations = [
        migrations.AlterField(
            model_name="refund",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="payments.refund",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="refund",
            name="refund_once_for_an_order",
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_id__isnull", False)),
                fields=("stripe_id", "share", "replaces"),
                name="refund_once_for_an_order",
                nulls_distinct=False,
            ),
        ),
    ]
