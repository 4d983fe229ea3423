"""The index of words has the ids as well, in blocks: the newest with a common word are found without reading the rest.

And category and shop, which words are often searched for in.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_listing_newest_by_delivery"),
    ]

    operations = [
        BtreeGinExtension(),
        migrations.RemoveIndex(model_name="listing", name="listing_search"),
        migrations.AddIndex(
            model_name="listing",
            index=GinIndex(
                F("search"),
                F("category"),
                F("seller"),
                *(F("id").bitrightshift(bits) for bits in (13, 15, 17, 19)),
                name="listing_search",
            ),
        ),
    ]
