"""Search reads English and German, and neither asks for accents: what a listing is found by, and the words known."""

from functools import reduce
from operator import add

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import UnaccentExtension
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models

# The English stemmer with its own small words left out; the German one leaves out the English ones too, and keeps the
# German ones, because a hat ("hatte") is something to buy. What is no word (numbers, addresses) is in the English one.
CONFIGURATIONS = """
    CREATE TEXT SEARCH CONFIGURATION catalog_english (COPY = pg_catalog.english);
    ALTER TEXT SEARCH CONFIGURATION catalog_english
        ALTER MAPPING FOR asciihword, asciiword, hword, hword_asciipart, hword_part, word
        WITH unaccent, pg_catalog.english_stem;

    CREATE TEXT SEARCH DICTIONARY catalog_not_english
        (TEMPLATE = pg_catalog.simple, STOPWORDS = english, ACCEPT = false);
    CREATE TEXT SEARCH DICTIONARY catalog_german_stem (TEMPLATE = pg_catalog.snowball, LANGUAGE = german);
    CREATE TEXT SEARCH CONFIGURATION catalog_german (PARSER = pg_catalog.default);
    ALTER TEXT SEARCH CONFIGURATION catalog_german
        ADD MAPPING FOR asciihword, asciiword, hword, hword_asciipart, hword_part, word
        WITH unaccent, catalog_not_english, catalog_german_stem;
"""
NO_CONFIGURATIONS = """
    DROP TEXT SEARCH CONFIGURATION catalog_german;
    DROP TEXT SEARCH DICTIONARY catalog_german_stem;
    DROP TEXT SEARCH DICTIONARY catalog_not_english;
    DROP TEXT SEARCH CONFIGURATION catalog_english;
"""
WORDS = reduce(
    add,
    (
        SearchVector(field, weight=weight, config=config)
        for field, weight in (("title", "A"), ("shop_name", "B"), ("description", "D"))
        for config in ("catalog_english", "catalog_german")
    ),
)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_imports"),
    ]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(CONFIGURATIONS, NO_CONFIGURATIONS),
        migrations.RemoveIndex(model_name="listing", name="listing_search"),
        migrations.RemoveField(model_name="listing", name="search"),
        migrations.AddField(
            model_name="listing",
            name="search",
            field=models.GeneratedField(db_persist=True, expression=WORDS, output_field=SearchVectorField()),
        ),
        migrations.AddIndex(model_name="listing", index=GinIndex(fields=["search"], name="listing_search")),
        migrations.RemoveIndex(model_name="word", name="word_trigrams"),
        migrations.AddField(
            model_name="word",
            name="folded",
            field=models.CharField(db_collation="C", default="", max_length=80),
            preserve_default=False,
        ),
        migrations.RunSQL("UPDATE catalog_word SET folded = unaccent(word)", migrations.RunSQL.noop),
        migrations.AddIndex(model_name="word", index=models.Index(fields=["folded"], name="word_folded")),
        migrations.AddIndex(
            model_name="word",
            index=GinIndex(fields=["folded"], name="word_trigrams", opclasses=["gin_trgm_ops"]),
        ),
    ]
