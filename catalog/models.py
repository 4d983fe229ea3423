"""What is for sale: categories, listings, photos and stock."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Seller
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable


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


class Listing(models.Model):
    """One thing a seller offers. `price` is in minor units of `currency`.

    `available` is what can still be sold. It changes only by the conditional UPDATEs in catalog.stock; units in a
    buyer's checkout are counted by Reservation rows.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        HIDDEN = "hidden", _("Hidden")

    class Delivery(models.TextChoices):
        DIGITAL = "digital", _("Digital, delivered at once")
        PICKUP = "pickup", _("Picked up by the buyer")
        SHIPPED = "shipped", _("Shipped to the buyer")

    MOVES: ClassVar[MoveTable] = {
        Status.DRAFT: frozenset({Status.PUBLISHED}),
        Status.PUBLISHED: frozenset({Status.HIDDEN, Status.DRAFT}),
        Status.HIDDEN: frozenset({Status.PUBLISHED, Status.DRAFT}),
    }
    HISTORY: ClassVar[type[ListingMove]]

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="listings")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="listings")
    title = models.CharField(_("title"), max_length=140)
    slug = models.SlugField(max_length=160)
    description = models.TextField(_("description"), max_length=20_000, blank=True)
    price = models.BigIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3)
    available = models.IntegerField(_("in stock"), default=1)
    delivery = models.CharField(_("delivery"), max_length=16, choices=Delivery.choices, default=Delivery.SHIPPED)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    # The row of the seller's own file this came from ("handle", or "handle/option values"): importing again updates it.
    # Null, not empty, for what was written by hand: the pair with the seller is unique.
    import_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    # What that file said was in stock: the next import changes the stock by the difference, so that sales stay sold.
    imported_quantity = models.IntegerField(null=True, blank=True)
    image_addresses = models.JSONField(default=list, blank=True, help_text=_("Image addresses named by the import."))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(available__gte=0), name="listing_available_not_negative"),
            models.CheckConstraint(condition=models.Q(price__gt=0), name="listing_price_positive"),
            # The shop is read in the order of this date; a row without one would have no place in it.
            models.CheckConstraint(
                condition=~models.Q(status="published") | models.Q(published_at__isnull=False),
                name="listing_published_has_date",
            ),
            models.UniqueConstraint(fields=["seller", "import_key"], name="one_listing_per_imported_row"),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"], name="listing_newest", condition=models.Q(status="published")
            ),
            models.Index(
                fields=["category", "-published_at", "-id"],
                name="listing_newest_in_category",
                condition=models.Q(status="published"),
            ),
            models.Index(
                fields=["currency", "price", "id"], name="listing_by_price", condition=models.Q(status="published")
            ),
            models.Index(
                fields=["category", "currency", "price", "id"],
                name="listing_by_price_in_category",
                condition=models.Q(status="published"),
            ),
            models.Index(
                fields=["seller", "-published_at", "-id"],
                name="listing_newest_of_seller",
                condition=models.Q(status="published"),
            ),
            models.Index(fields=["seller", "-id"], name="listing_of_seller"),
            GinIndex(SearchVector("title", "description", config="english"), name="listing_words"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The listing's page."""
        return reverse("catalog:listing", args=[self.pk, self.slug])

    @property
    def money(self) -> Money:
        """The price of one."""
        return Money(self.price, self.currency)


class ListingMove(MoveRecord):
    """History of a listing's status."""

    subject = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="moves")


Listing.HISTORY = ListingMove


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

    def __str__(self) -> str:
        return self.alt or self.image.name or ""


class Reservation(models.Model):
    """Units of a listing set aside for one order line. It ends once: sold, or released back to stock (fault F30).

    What was sold and then cancelled is returned to stock, once as well.
    """

    class Status(models.TextChoices):
        HELD = "held", _("set aside")
        SOLD = "sold", _("sold")
        RELEASED = "released", _("back in stock")
        RETURNED = "returned", _("sold, then back in stock")

    MOVES: ClassVar[MoveTable] = {
        Status.HELD: frozenset({Status.SOLD, Status.RELEASED}),
        Status.SOLD: frozenset({Status.RETURNED}),
        Status.RELEASED: frozenset(),
        Status.RETURNED: frozenset(),
    }
    HISTORY: ClassVar[type[ReservationMove]]

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.HELD)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing_id} ({self.status})"


class ReservationMove(MoveRecord):
    """History of a reservation's status."""

    subject = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="moves")


Reservation.HISTORY = ReservationMove
