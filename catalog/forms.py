"""What people type about listings."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.countries import currencies
from accounts.models import Seller
from catalog import editing, stock
from catalog.models import Category, Listing, Photo
from catalog.photos import MAX_PHOTOS
from catalog.plain_text import from_html
from kit.money import parse_amount, to_decimal

MOST_IN_STOCK = 1_000_000
PHOTO_TYPES = "image/jpeg,image/png,image/webp,image/gif"


class CategoryField(forms.ModelChoiceField):
    """A category, by its name in the reader's language."""

    def label_from_instance(self, obj: Category) -> str:
        """The words people read."""
        return obj.label


class ListingForm(forms.ModelForm[Listing]):
    """A listing's facts. Price and stock are read here, because neither goes into its column as it was typed."""

    price = forms.CharField(
        label=gettext_lazy("Price"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currencies)
    available = forms.IntegerField(label=gettext_lazy("In stock"), min_value=0, max_value=MOST_IN_STOCK, initial=1)
    # What the form showed: the change is the difference, so that sales made while it lay open are kept.
    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    # Which version the form showed: somebody else may have saved since (catalog.editing).
    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    class Meta:
        model = Listing
        fields = ("title", "category", "description", "currency", "delivery")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 8}),
            "delivery": forms.RadioSelect,
        }
        labels = {"delivery": gettext_lazy("How the buyer gets it")}
        help_texts = {
            "title": gettext_lazy("What it is, in a few words: “Linen apron, indigo”."),
            "description": gettext_lazy("Material, size, condition, how it was made. What would you ask?"),
        }

    field_order = ("title", "category", "description", "price", "currency", "available", "delivery")

    def __init__(self, *args: Any, seller: Seller, actor: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seller, self.actor = seller, actor
        self.stock_note = ""
        self.fields["description"].required = True
        self.fields["category"] = CategoryField(
            Category.objects.all(), label=gettext_lazy("Category"), empty_label=gettext_lazy("Choose a category")
        )
        listing = self.instance
        self.initial["version"] = listing.version
        if listing.options:
            # Its variants have prices and stock, in the listing's currency.
            for name in ("price", "currency", "available", "seen"):
                del self.fields[name]
        elif listing.pk:
            self.initial["price"] = str(to_decimal(listing.price, listing.currency))
            self.initial["available"] = self.initial["seen"] = listing.available
        else:
            self.initial.setdefault("currency", seller.currency)

    def clean_title(self) -> str:
        """The title without the spaces around and between."""
        return " ".join(self.cleaned_data["title"].split())

    def clean_description(self) -> str:
        """The words without markup: listings are plain text, and what is pasted with tags is read, never shown."""
        return from_html(self.cleaned_data["description"])

    def clean(self) -> dict[str, Any]:
        """Read the price by its currency."""
        cleaned = super().clean() or self.cleaned_data
        typed, currency = cleaned.get("price"), cleaned.get("currency")
        if typed and currency:
            try:
                cleaned["price"] = parse_amount(typed, currency)
            except ValueError as error:
                self.add_error("price", str(error))
            else:
                if cleaned["price"] == 0:
                    self.add_error("price", _("Enter a price of more than zero."))
        return cleaned

    def store(self) -> Listing | None:
        """Save; None, with errors at the fields they are about, when somebody else saved meanwhile or more was taken
        away than is left.
        """
        listing = self.instance
        listing.slug = slug_for(listing.title)
        listing.price = self.cleaned_data.get("price", listing.price)
        if not listing.pk:
            return self._create()
        try:
            with transaction.atomic():
                row = editing.locked(listing, self.cleaned_data["version"])
                before = editing.facts(row)
                # Only what this form owns: status and stock may have moved since the page was opened.
                owned = [name for name in (*self.Meta.fields, "price") if name in self.fields]
                listing.save(update_fields=[*owned, "slug", "updated_at"])
                editing.record(row, before, editing.facts(listing), self.actor)
                if "available" in self.fields:
                    self._store_stock()
        except stock.OutOfStock as error:
            self._refuse_stock(error.available)
            return None
        except editing.Overtaken as error:
            self._tell(error)
            return None
        return listing

    def _create(self) -> Listing:
        listing = self.instance
        listing.seller, listing.available = self.seller, self.cleaned_data["available"]
        with transaction.atomic():
            listing.save()
            stock.note_first([listing], reason=stock.Reason.BY_HAND, actor=self.actor)
        return listing

    def _tell(self, overtaken: editing.Overtaken) -> None:
        """Show what changed meanwhile: untouched fields take it, what both changed keeps what is typed here."""
        current, changes = Listing.objects.get(pk=self.instance.pk), editing.changed(overtaken.edits)
        typed = {**dict(self.data.items()), self.add_prefix("version"): str(current.version)}
        told = []
        for fact in (name for name in (*editing.FACTS, "variants") if name in changes):
            before, after = changes[fact]
            field = fact.removesuffix("_id")
            words = editing.in_words(fact, after, current.currency)
            label = str(self.fields[field].label) if field in self.fields else _("Variants")
            told.append(pgettext("field: its new content", "%(field)s: %(words)s") % {"field": label, "words": words})
            if field not in self.fields:
                continue
            if getattr(self.instance, fact) == before:
                shown = to_decimal(after, current.currency) if field == "price" else after
                typed[self.add_prefix(field)] = str(shown)
            elif getattr(self.instance, fact) != after:
                message = _("%(who)s changed this to “%(words)s” meanwhile. Save again to have yours instead.")
                self.add_error(field, message % {"who": editing.who(overtaken.edits), "words": words})
        sentence = _(
            "%(who)s changed this listing while you were editing (%(changes)s). Nothing of yours is lost, and nothing "
            "is saved yet: look it over and save again."
        )
        self.add_error(None, sentence % {"who": editing.who(overtaken.edits), "changes": "; ".join(told)})
        self.data = typed

    def _store_stock(self) -> None:
        typed, seen = self.cleaned_data["available"], self.cleaned_data["seen"]
        shown = typed if seen is None else seen
        if typed == shown:
            return
        left = stock.adjust(stock.Goods(self.instance.pk), typed - shown, actor=self.actor)
        if left != typed:
            self.stock_note = _(
                "The stock changed while you were editing: it had gone from %(seen)d to %(before)d. "
                "Your change was added to that, so %(left)d are in stock now."
            ) % {"seen": shown, "before": left - (typed - shown), "left": left}

    def _refuse_stock(self, left: int) -> None:
        self.add_error(
            "available",
            _(
                "The stock changed while you were editing: %(left)d are left now. "
                "Nothing was saved. Enter how many you have and save again."
            )
            % {"left": left},
        )
        # What is shown from now on is what the next change counts from.
        self.data = {**dict(self.data.items()), self.add_prefix("seen"): str(left)}


def slug_for(title: str) -> str:
    """The title as a part of an address."""
    return slugify(title)[:160].strip("-") or "listing"


class SeveralFilesInput(forms.ClearableFileInput):
    """A file input that takes several at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Several uploads. What is in them is looked at when they are stored (catalog.photos)."""

    widget = SeveralFilesInput(attrs={"accept": PHOTO_TYPES})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Each file's own checks; a list."""
        files: Sequence[UploadedFile | None] = data if isinstance(data, list | tuple) else [data]
        cleaned = [super(SeveralFilesField, self).clean(file, initial) for file in files or [None]]
        return [file for file in cleaned if file]


class PhotosForm(forms.Form):
    """Photos to add to a listing."""

    photos = SeveralFilesField(
        label=gettext_lazy("Add photos"),
        help_text=format_lazy(
            gettext_lazy("JPEG, PNG, WebP or GIF, up to 10 MB each, {count} at most."), count=MAX_PHOTOS
        ),
    )


class PhotoForm(forms.ModelForm[Photo]):
    """What a photo shows, in words."""

    class Meta:
        model = Photo
        fields = ("alt",)
