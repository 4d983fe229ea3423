"""What a listing looks like."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.listing import Listing


class Photo(models.Model):
    """One photo of a listing, re-encoded by us."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="photos/%Y/%m/")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    # The same picture for cards and thumbnails.
    small = models.ImageField(upload_to="photos/%Y/%m/", blank=True)
    alt = models.CharField(_("description for people who cannot see it"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return self.alt or self.image.name or ""
