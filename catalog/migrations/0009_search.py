"""Search: words weighed by where they stand, the shop's name among them, and the words somebody may have meant."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import TrigramExtension
from django.contrib.postgres.search import CombinedSearchVector, SearchConfig, SearchVector, SearchVectorField
from django.db import migrations, models

# Generated columns read their own row only, so the shop's name is copied into it. By the database, because listings are
# also written by imports and by hand. Nothing happens BEFORE an UPDATE: that would make PostgreSQL work out the words
# again at each change of the stock.
COPY_SHOP_NAME = """
    UPDATE catalog_listing SET shop_name = accounts_seller.name FROM accounts_seller
    WHERE accounts_seller.id = catalog_listing.seller_id;

    CREATE FUNCTION catalog_take_shop_name() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.shop_name = coalesce((SELECT name FROM accounts_seller WHERE id = NEW.seller_id), '');
        RETURN NEW;
    END $$;
    CREATE TRIGGER listing_takes_shop_name BEFORE INSERT ON catalog_listing
        FOR EACH ROW EXECUTE FUNCTION catalog_take_shop_name();

    CREATE FUNCTION catalog_follow_seller() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE catalog_listing SET shop_name = coalesce((SELECT name FROM accounts_seller WHERE id = NEW.seller_id), '')
        WHERE id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER listing_follows_seller AFTER UPDATE OF seller_id ON catalog_listing
        FOR EACH ROW WHEN (NEW.seller_id IS DISTINCT FROM OLD.seller_id) EXECUTE FUNCTION catalog_follow_seller();

    CREATE FUNCTION catalog_follow_shop_name() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- In the order of their ids, as everything that locks several listings does: a basket that is being ordered
        -- and this would else wait for each other.
        UPDATE catalog_listing SET shop_name = NEW.name
        WHERE id IN (SELECT id FROM catalog_listing WHERE seller_id = NEW.id ORDER BY id FOR NO KEY UPDATE);
        RETURN NULL;
    END $$;
    CREATE TRIGGER listings_follow_shop_name AFTER UPDATE OF name ON accounts_seller
        FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION catalog_follow_shop_name();
"""
FORGET_SHOP_NAME = """
    DROP TRIGGER listings_follow_shop_name ON accounts_seller;
    DROP TRIGGER listing_follows_seller ON catalog_listing;
    DROP TRIGGER listing_takes_shop_name ON catalog_listing;
    DROP FUNCTION catalog_follow_shop_name();
    DROP FUNCTION catalog_follow_seller();
    DROP FUNCTION catalog_take_shop_name();
"""
WORDS = CombinedSearchVector(
    CombinedSearchVector(
        SearchVector("title", config="english", weight="A"),
        "||",
        SearchVector("shop_name", config="english", weight="B"),
        SearchConfig("english"),
    ),
    "||",
    SearchVector("description", config="english", weight="D"),
    SearchConfig("english"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_protect_acceptances"),
        ("catalog", "0008_variants"),
    ]

    operations = [
        TrigramExtension(),
        migrations.AddField(
            model_name="listing",
            name="shop_name",
            field=models.CharField(db_default="", default="", editable=False, max_length=120),
        ),
        migrations.RunSQL(COPY_SHOP_NAME, FORGET_SHOP_NAME),
        migrations.AddField(
            model_name="listing",
            name="search",
            field=models.GeneratedField(db_persist=True, expression=WORDS, output_field=SearchVectorField()),
        ),
        migrations.RemoveIndex(model_name="listing", name="listing_words"),
        migrations.AddIndex(model_name="listing", index=GinIndex(fields=["search"], name="listing_search")),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("word", models.CharField(db_collation="C", max_length=40, primary_key=True, serialize=False)),
                ("listings", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="word",
            index=GinIndex(fields=["word"], name="word_trigrams", opclasses=["gin_trgm_ops"]),
        ),
    ]
