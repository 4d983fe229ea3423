"""The words of what is for sale."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Word(models.Model):
    """A word of a published title or of a shop's name: what a mistyped one may have meant (catalog.vocabulary)."""

    # Compared letter by letter in every database, so that "the words that begin with v" are a range of the index.
    word = models.CharField(max_length=40, primary_key=True, db_collation="C")
    # Without accents, as it is compared with what somebody typed without them; ß and æ are two letters then.
    folded = models.CharField(max_length=80, db_collation="C")
    listings = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["folded"], name="word_folded"),
            GinIndex(fields=["folded"], opclasses=["gin_trgm_ops"], name="word_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word
