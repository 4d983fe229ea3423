"""Categories to arrange, listings and reservations to look at."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog import editing
from catalog.browsing import shelves
from catalog.models import (
    Category,
    ImportedImage,
    ImportRun,
    ImportRunMove,
    Listing,
    ListingMove,
    Photo,
    Reservation,
    ReservationMove,
    Variant,
)
from kit.admin import ReadOnlyAdmin, ReadOnlyInline

# What staff may mend in a listing.
WORDS = ("title", "category_id", "description")


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    """The shelves of the shop and their order."""

    list_display = ("name", "slug", "position")
    list_editable = ("position",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """With a name for each field of the table, which Django leaves without one."""
        named = {"position": AdminIntegerFieldWidget(attrs={"aria-label": _("Position")})}
        return super().get_changelist_form(request, **{"widgets": named, **kwargs})

    def save_model(self, request: HttpRequest, obj: Category, form: object, change: bool) -> None:
        """Save, and let this process show it at once; the others follow within half a minute."""
        super().save_model(request, obj, form, change)
        shelves.forget()


class ListingMoves(ReadOnlyInline):
    """Who published and hid it, and when."""

    model = ListingMove
    fields = ("at", "from_status", "to_status", "actor", "reason")


class Photos(ReadOnlyInline):
    """Its photos."""

    model = Photo
    fields = ("picture", "alt", "position")
    readonly_fields = ("picture",)

    @admin.display(description=_("Picture"))
    def picture(self, photo: Photo) -> SafeString:
        """Small, and the large one behind it."""
        shown = '<a href="{}"><img class="thumb" src="{}" alt="{}" width="72" height="90" loading="lazy"></a>'
        small = photo.small.url if photo.small else photo.image.url
        return format_html(shown, photo.image.url, small, _("Open the picture"))


class Variants(ReadOnlyInline):
    """What it comes in."""

    model = Variant
    fields = ("values", "sku", "price", "available", "withdrawn_at")


@admin.register(Listing)
class ListingAdmin(admin.ModelAdmin[Listing]):
    """Listings. Words and category may be mended; state, stock and price are the seller's, each with its own door."""

    list_display = ("title", "seller", "category", "price_shown", "available", "status", "published_at")
    list_filter = ("status", "delivery", "category")
    list_select_related = ("seller", "category")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("title", "seller__name", "import_key")
    ordering = ("-pk",)
    fields = (
        "title", "category", "description", "seller", "price_shown", "available", "delivery", "status", "published_at",
        "created_at", "updated_at", "import_key", "image_addresses",
    )  # fmt: skip
    readonly_fields = (
        "seller", "price_shown", "available", "delivery", "status", "published_at", "created_at", "updated_at",
        "import_key", "image_addresses",
    )  # fmt: skip
    inlines = (Variants, Photos, ListingMoves)

    def save_model(self, request: HttpRequest, obj: Listing, form: object, change: bool) -> None:
        """Save the words alone, as the next version: a seller who has the form open is told (catalog.editing).

        Who of the staff it was is in the admin's own history; the seller reads that it was us.
        """
        row = editing.locked(obj, None)
        before = editing.facts(row)
        obj.save(update_fields=["title", "category", "description", "updated_at"])
        editing.record(
            row, before, {**before, **{name: getattr(obj, name) for name in WORDS}}, str(_("The marketplace"))
        )

    def view_on_site(self, obj: Listing) -> str | None:
        """Its page in the shop, which there is only once it is published."""
        return obj.get_absolute_url() if obj.status == Listing.Status.PUBLISHED else None

    @admin.display(description=_("price"), ordering="price")
    def price_shown(self, listing: Listing) -> str:
        """The price with its currency."""
        return str(listing.money)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Sellers write their listings."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Listing | None = None) -> bool:
        """Orders point at listings; they are hidden, not removed."""
        return False


class ReservationMoves(ReadOnlyInline):
    """How it ended."""

    model = ReservationMove
    fields = ("at", "from_status", "to_status", "actor", "reason")


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    """What is set aside for checkouts, was sold, or went back."""

    list_display = ("pk", "listing", "quantity", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("listing",)
    search_fields = ("listing__title",)
    ordering = ("-pk",)
    fields = ("listing", "quantity", "status", "created_at")
    inlines = (ReservationMoves,)


class ImportRunMoves(ReadOnlyInline):
    """How far it came, and who said yes."""

    model = ImportRunMove
    fields = ("at", "from_status", "to_status", "actor", "reason")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Sellers' product files and what became of them."""

    list_display = ("name", "seller", "status", "new", "changed", "unchanged", "problem_count", "created_at")
    list_filter = ("status",)
    list_select_related = ("seller",)
    show_full_result_count = False
    search_fields = ("name", "seller__name", "created_by")
    ordering = ("-pk",)
    fields = (
        "name", "seller", "status", "created_by", "created_at", "size", "lines", "lines_done", "new", "changed",
        "unchanged", "problem_count", "problems", "overtaken", "publish", "published", "confirmed_by", "finished_at",
        "attempts", "leased_until",
    )  # fmt: skip
    inlines = (ImportRunMoves,)


@admin.register(ImportedImage)
class ImportedImageAdmin(ReadOnlyAdmin):
    """Images that product files named, and why some did not become photos."""

    list_display = ("address", "listing", "attempts", "due_at", "refusal")
    list_select_related = ("listing",)
    show_full_result_count = False
    search_fields = ("address", "listing__title")
    ordering = ("-pk",)
    fields = ("address", "alt", "listing", "attempts", "due_at", "photo", "refusal")
