"""One thing a seller offers."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Seller
from catalog.models.category import Category
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable

# The index of words has the ids as well, in blocks of 2 ** so many (catalog.candidates).
BLOCKS = (13, 15, 17, 19)


class Listing(models.Model):
    """One thing a seller offers. `price` is in minor units of `currency`.

    `available` is what can still be sold. It changes only by the conditional UPDATEs in catalog.stock; units in a
    buyer's checkout are counted by Reservation rows. A listing with `options` is bought by its variants: its price is
    then the lowest of theirs and `available` their sum, kept so in the same transaction (catalog.stock,
    catalog.variants).
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
    # The highest price of the variants; null without variants.
    highest_price = models.BigIntegerField(null=True, blank=True)
    available = models.IntegerField(_("in stock"), default=1)
    # The names of what its variants differ in, like ["Size", "Colour"], three at most; [] for a listing without.
    options = models.JSONField(default=list, blank=True)
    delivery = models.CharField(_("delivery"), max_length=16, choices=Delivery.choices, default=Delivery.SHIPPED)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    # When a draft is to be published by itself; the sweep empties it (catalog.publishing).
    publish_at = models.DateTimeField(null=True, blank=True)
    # How often it was edited: who saves on top of another's change is told (catalog.editing).
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    # The row of the seller's own file this came from ("handle", or "handle/option values"): importing again updates it.
    # Null, not empty, for what was written by hand: the pair with the seller is unique.
    import_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    # What that file said was in stock: the next import changes the stock by the difference, so that sales stay sold.
    imported_quantity = models.IntegerField(null=True, blank=True)
    image_addresses = models.JSONField(default=list, blank=True, help_text=_("Image addresses named by the import."))
    # The shop's name as it is now: the database copies it here, so that a listing is found by it as well.
    shop_name = models.CharField(max_length=120, default="", db_default="", editable=False)
    # What the listing is found by, each word by its stem in both languages and without accents (catalog.words); a word
    # of the title says more than one of the description.
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="catalog_english")
        + SearchVector("title", weight="A", config="catalog_german")
        + SearchVector("shop_name", weight="B", config="catalog_english")
        + SearchVector("shop_name", weight="B", config="catalog_german")
        + SearchVector("description", weight="D", config="catalog_english")
        + SearchVector("description", weight="D", config="catalog_german"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
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
            # Without it a way to get things that nothing has costs a look at every listing.
            models.Index(
                fields=["delivery", "-published_at", "-id"],
                name="listing_newest_by_delivery",
                condition=models.Q(status="published"),
            ),
            models.Index(
                fields=["seller", "-published_at", "-id"],
                name="listing_newest_of_seller",
                condition=models.Q(status="published"),
            ),
            models.Index(fields=["seller", "-id"], name="listing_of_seller"),
            models.Index(
                fields=["publish_at"], name="listing_to_publish", condition=models.Q(publish_at__isnull=False)
            ),
            # Words are searched for in a category or a shop, too; what both have in common is told by one index.
            GinIndex(
                "search",
                "category",
                "seller",
                *(models.F("id").bitrightshift(bits) for bits in BLOCKS),
                name="listing_search",
            ),
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


class ListingEdit(models.Model):
    """One time somebody saved a listing: which version it made, and what each changed field said before and after."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="edits")
    version = models.PositiveIntegerField()
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()
    changes = models.JSONField(help_text=_("By field: what it said before, and after."))

    class Meta:
        ordering = ("version",)
        constraints = [models.UniqueConstraint(fields=["listing", "version"], name="one_edit_per_version")]

    def __str__(self) -> str:
        return f"{self.listing_id} v{self.version}"
