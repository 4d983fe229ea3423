"""Files sold as downloads, and each time a buyer took one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models import Listing, Variant
from kit import private
from orders.models.line import OrderLine


class DigitalFile(models.Model):
    """A file that buyers of a listing may download, or those of one variant of it alone. One that was removed stays for
    those who had bought it before.
    """

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="digital_files")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, null=True, blank=True, related_name="digital_files")
    name = models.CharField(max_length=150)
    content = models.FileField(storage=private.storage, upload_to="digital/%Y/%m/", max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text=_("In bytes."))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class Download(models.Model):
    """One time a buyer took a file: written before the first byte goes out, and never changed but to forget who."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="downloads")
    file = models.ForeignKey(DigitalFile, on_delete=models.PROTECT, related_name="downloads")
    at = models.DateTimeField()
    # About a person: forgotten with the facts of the purchase (orders.facts).
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.file_id} of {self.line_id}"
