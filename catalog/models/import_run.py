"""A seller's product file on its way to becoming listings, and what it would do to each of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Seller
from catalog.models.listing import Listing
from catalog.models.photo import Photo
from kit.private import storage
from kit.transitions import MoveRecord, MoveTable


class ImportRun(models.Model):
    """One uploaded file: read, looked at, confirmed, applied, each at its own time.

    Reading and applying are leased (catalog.importing.runs): `attempts` is the worker's number, and what it does counts
    only while nobody has claimed the run since.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Being read")
        READY = "ready", _("Waits for you")
        REFUSED = "refused", _("Has problems")
        CONFIRMED = "confirmed", _("Being imported")
        DONE = "done", _("Imported")
        DISCARDED = "discarded", _("Discarded")
        FAILED = "failed", _("Could not be finished")

    MOVES: ClassVar[MoveTable] = {
        Status.WAITING: frozenset({Status.READY, Status.REFUSED, Status.FAILED, Status.DISCARDED}),
        # Back to waiting: the listings were changed meanwhile, so the file is compared with them anew.
        Status.READY: frozenset({Status.CONFIRMED, Status.DISCARDED}),
        Status.CONFIRMED: frozenset({Status.DONE, Status.WAITING, Status.FAILED}),
        Status.REFUSED: frozenset({Status.DISCARDED}),
        Status.DONE: frozenset(),
        Status.DISCARDED: frozenset(),
        Status.FAILED: frozenset({Status.DISCARDED}),
    }
    HISTORY: ClassVar[type[ImportRunMove]]

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="import_runs")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    # What is wrong with the file is said in the words of who uploaded it.
    language = models.CharField(max_length=16, default="en")
    name = models.CharField(max_length=150, help_text=_("As the file was called where it came from."))
    size = models.PositiveIntegerField(help_text=_("In bytes."))
    # Empty once the run is over and old: see catalog.importing.runs.forget_old.
    file = models.FileField(upload_to="imports/%Y/%m/", storage=storage, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lines = models.PositiveIntegerField(default=0)
    lines_done = models.PositiveIntegerField(default=0)

    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # New ones and drafts that the file calls published; and those of them that lack something buyers must know.
    publishable = models.PositiveIntegerField(default=0)
    incomplete = models.PositiveIntegerField(default=0)
    # By line and column, the first of them only; how many there are in all.
    problems = models.JSONField(default=list, blank=True)
    problem_count = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list, blank=True)

    # Titles of listings that were changed between the look at the preview and the import; nothing was imported then.
    overtaken = models.JSONField(default=list, blank=True)
    publish = models.BooleanField(default=False)
    confirmed_by = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    published = models.PositiveIntegerField(default=0)
    # Titles of which more were sold here than the file takes away.
    sold_meanwhile = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        indexes = [
            models.Index(fields=["seller", "-id"], name="import_run_of_seller"),
            models.Index(
                fields=["id"],
                name="import_run_to_do",
                condition=models.Q(status__in=["waiting", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"

    @property
    def is_working(self) -> bool:
        """Whether a worker has it, or will."""
        return self.status in (self.Status.WAITING, self.Status.CONFIRMED)

    @property
    def does_something(self) -> bool:
        """Whether a yes to its preview would change anything."""
        return bool(self.new or self.changed or self.publishable)

    @property
    def total(self) -> int:
        """How many products there are in it."""
        return self.new + self.changed + self.unchanged


class ImportRunMove(MoveRecord):
    """History of an import's status."""

    subject = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="moves")


ImportRun.HISTORY = ImportRunMove


class ImportItem(models.Model):
    """What one product of the file becomes, as the preview shows it and as it is applied."""

    class Kind(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    key = models.CharField(max_length=255)
    title = models.CharField(max_length=140)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # What changes: a list of {"what", "of", "before", "after"} (catalog.importing.plans).
    changes = models.JSONField(default=list)
    # The product as it was read (catalog.shopify.Product.as_json): what is applied is what was previewed.
    facts = models.JSONField()
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    category = models.BigIntegerField(null=True, blank=True, help_text=_("The category the file names, by number."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_item_per_place")]
        indexes = [models.Index(fields=["run", "kind", "position"], name="import_item_by_kind")]

    def __str__(self) -> str:
        return f"{self.title} ({self.kind})"


class ImportedImage(models.Model):
    """An image a file named, to be fetched by a worker from a host the operator allows, and stored as a photo."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="imported_images")
    address = models.CharField(max_length=2000)
    alt = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is tried next; empty when it was fetched, or cannot be.
    due_at = models.DateTimeField(null=True, blank=True)
    photo = models.ForeignKey(Photo, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    refusal = models.CharField(max_length=300, blank=True, help_text=_("Why it cannot become a photo."))

    class Meta:
        verbose_name = _("imported image")
        verbose_name_plural = _("imported images")
        indexes = [models.Index(fields=["due_at"], name="imported_image_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return self.address
