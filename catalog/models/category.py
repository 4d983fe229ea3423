"""The shelves of the shop."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

# What a new marketplace starts with (migration 0003): named here so that the words are found to translate.
FIRST = (
    pgettext_lazy("category", "Clothing"),
    pgettext_lazy("category", "Bags and accessories"),
    pgettext_lazy("category", "Jewellery"),
    pgettext_lazy("category", "Home and living"),
    pgettext_lazy("category", "Ceramics and glass"),
    pgettext_lazy("category", "Art and prints"),
    pgettext_lazy("category", "Books and downloads"),
    pgettext_lazy("category", "Other finds"),
)


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "name")
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Its name as people read it: one we know in their language, one that an operator gave as it was written."""
        return pgettext("category", self.name)
