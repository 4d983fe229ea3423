"""The shelves of the shop."""

from __future__ import annotations

from django.db import models


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name
