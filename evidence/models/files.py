"""Files as evidence: as people gave them, and as a bank gets them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from evidence.models.fields import Field
from evidence.models.pack import Pack
from kit.private import storage
from payments.models import Share


class EvidenceFile(models.Model):
    """One PDF, JPEG or PNG, checked by what it is (evidence.files). It has no address: pages that show it ask who is
    reading. A picture was drawn anew; a PDF is as it came.
    """

    class Party(models.TextChoices):
        """Who gave it."""

        STAFF = "staff", _("the marketplace")
        SELLER = "seller", _("the seller")
        BUYER = "buyer", _("the buyer")
        SYSTEM = "system", _("our own records")

    class Shows(models.TextChoices):
        """What it shows; each has a field of the bank's form it fits (evidence.files.FIELD_FOR)."""

        RECEIPT = "receipt", _("a receipt")
        DELIVERY = "delivery", _("that it was sent or delivered")
        SERVICE = "service", _("that the service was given, or used")
        MESSAGES = "messages", _("messages with the buyer")
        POLICY = "policy", _("the refund policy, as shown")
        CANCELLATION = "cancellation", _("the cancellation policy, as shown")
        SIGNATURE = "signature", _("the buyer's signature")
        OTHER_PAYMENT = "other_payment", _("another payment it is mistaken for")
        OTHER = "other", _("something else")

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="files")
    # Whose order it is about, when a payment has several: a seller sees only what is about theirs.
    share = models.ForeignKey(Share, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence_files")
    party = models.CharField(max_length=8, choices=Party.choices)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()
    shows = models.CharField(max_length=16, choices=Shows.choices, default=Shows.OTHER)
    note = models.CharField(max_length=300, blank=True, help_text=_("What it shows, in words."))
    # Which of our records it was made from; such a file is made again when the record changes.
    source = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=150, help_text=_("As it was called where it came from."))
    content_type = models.CharField(max_length=32)
    content = models.FileField(upload_to="evidence/%Y/%m/", storage=storage)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text=_("In bytes."))
    pages = models.PositiveIntegerField(default=1)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            # The same file given twice by one side is one file.
            models.UniqueConstraint(
                fields=["pack", "party", "sha256"],
                condition=models.Q(removed_at=None),
                name="evidence_file_once",
            ),
            models.CheckConstraint(condition=models.Q(size__gt=0, pages__gt=0), name="evidence_file_has_pages"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether it is an image and not a document."""
        return self.content_type != "application/pdf"


class PackFile(models.Model):
    """A file chosen for a field of the bank's form. Several in one field are merged into one document."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="chosen")
    field = models.CharField(max_length=40, choices=Field.choices)
    file = models.ForeignKey(EvidenceFile, on_delete=models.PROTECT, related_name="chosen")
    position = models.PositiveSmallIntegerField(default=0)
    # Whoever does not want the bank to have it; assembling again does not bring it back.
    left_out_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("field", "position", "pk")
        constraints = [models.UniqueConstraint(fields=["pack", "field", "file"], name="pack_file_once")]

    def __str__(self) -> str:
        return f"{self.field}: {self.file}"


class BankFile(models.Model):
    """The one file a field gets: a chosen file as it is, or several merged. Made once and kept, so that what is
    previewed is, byte for byte, what is sent.
    """

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="bank_files")
    # The sha256 of each file in it, in order, and how it was made.
    recipe = models.CharField(max_length=64)
    made_of = models.JSONField()
    content_type = models.CharField(max_length=32)
    content = models.FileField(upload_to="evidence/bank/%Y/%m/", storage=storage)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    pages = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    # Empty until it was uploaded.
    stripe_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["pack", "recipe"], name="bank_file_once")]

    def __str__(self) -> str:
        return f"evidence-{self.pk}"
