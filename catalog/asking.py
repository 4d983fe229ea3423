"""What a visitor asks the shop for: words, filters and an order, read from an address that anybody may have typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.validators import validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import is_country
from catalog.models import Listing
from kit.money import parse_amount, to_decimal

# Words beyond this are not read: nobody describes one thing with more, and each costs the database something.
MOST_LETTERS = 200

RELEVANCE, NEWEST, PRICE, PRICE_DESC = SORTS = ("relevance", "newest", "price", "price-desc")

# Filters that go together: an end of the price means nothing without its currency.
GROUPS = {
    "price": ("low", "high", "currency"),
    "delivery": ("delivery",),
    "country": ("country",),
    "shop": ("shop",),
    "sold_out": ("sold_out",),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for and understood. `low` and `high` are in minor units of `currency`, both included."""

    q: str = ""
    sort: str = NEWEST
    currency: str = ""
    low: int | None = None
    high: int | None = None
    delivery: str = ""
    country: str = ""
    shop: str = ""
    sold_out: bool = False

    @property
    def filters(self) -> list[str]:
        """The filters in use, by the names of GROUPS."""
        return [
            name
            for name, fields in GROUPS.items()
            if any(getattr(self, field) != getattr(NOTHING, field) for field in fields)
        ]

    @property
    def is_plain(self) -> bool:
        """Whether this is the shop (or a category) as everybody first sees it."""
        return not self.q and not self.filters and self.sort == NEWEST

    def without(self, name: str) -> Asked:
        """The same without one filter."""
        return replace(self, **{field: getattr(NOTHING, field) for field in GROUPS[name]})

    def without_words(self) -> Asked:
        """The same without the search."""
        return replace(self, q="", sort=NEWEST if self.sort == RELEVANCE else self.sort)

    def sorted_by(self, sort: str) -> Asked:
        """The same in another order."""
        return replace(self, sort=sort)

    def searching(self, q: str) -> Asked:
        """The same for other words."""
        return replace(self, q=q)

    def said(self) -> dict[str, str]:
        """What is to be in the address, without what goes without saying."""
        given = {
            "q": self.q,
            "sort": "" if self.sort == _usual_sort(self.q) else self.sort,
            "currency": self.currency,
            "price_from": _written(self.low, self.currency),
            "price_to": _written(self.high, self.currency),
            "delivery": self.delivery,
            "country": self.country,
            "shop": self.shop,
            "sold_out": "1" if self.sold_out else "",
        }
        return {name: value for name, value in given.items() if value}

    def url(self, path: str, **more: str) -> str:
        """`path` with this question in it."""
        said = {**self.said(), **{name: value for name, value in more.items() if value}}
        return f"{path}?{urlencode(said)}" if said else path


NOTHING = Asked()


class WordsField(forms.CharField):
    """What is searched for, on one line and without the characters no text can have."""

    def to_python(self, value: Any) -> str:
        """Spaces of any kind are one space; NUL, which PostgreSQL refuses, is one too."""
        return " ".join(str(value or "").replace("\x00", " ").split())


class BrowseForm(forms.Form):
    """The filters. What is not understood is left out; where a person typed it, the field says what is wrong."""

    q = WordsField(required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS], widget=forms.HiddenInput)
    price_from = forms.CharField(required=False, max_length=20, label=gettext_lazy("From"))
    price_to = forms.CharField(required=False, max_length=20, label=gettext_lazy("To"))
    currency = forms.ChoiceField(required=False, label=gettext_lazy("Currency"))
    delivery = forms.ChoiceField(required=False, label=gettext_lazy("How you get it"))
    country = forms.CharField(required=False, max_length=2, label=gettext_lazy("Seller’s country"))
    shop = forms.CharField(required=False, max_length=140, label=gettext_lazy("Shop"), validators=[validate_slug])
    sold_out = forms.BooleanField(required=False, label=gettext_lazy("Show sold-out things too"))

    def __init__(self, data: Mapping[str, Any]) -> None:
        # Drawn with the values that were understood, so that a mangled address does not show its own errors.
        super().__init__(data, auto_id="filter-%s")
        currency = self.fields["currency"]
        delivery = self.fields["delivery"]
        if isinstance(currency, forms.ChoiceField) and isinstance(delivery, forms.ChoiceField):
            currency.choices = currencies()
            delivery.choices = ways()
        for name in ("price_from", "price_to"):
            self.fields[name].widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})
        self.was_cut = False

    def clean_q(self) -> str:
        """As many whole words as are read."""
        q: str = self.cleaned_data["q"]
        if len(q) <= MOST_LETTERS:
            return q
        self.was_cut = True
        return q[:MOST_LETTERS].rpartition(" ")[0] or q[:MOST_LETTERS]

    def clean_country(self) -> str:
        """A country's code, or nothing."""
        code: str = self.cleaned_data["country"].upper()
        return code if is_country(code) else ""

    def clean(self) -> dict[str, Any]:
        """Both ends of the price, by the currency."""
        cleaned = super().clean() or self.cleaned_data
        currency = cleaned.get("currency") or settings.MARKETPLACE_CURRENCIES[0]
        for name in ("price_from", "price_to"):
            cleaned[name] = self._amount(name, cleaned.get(name, ""), currency)
        low, high = cleaned["price_from"], cleaned["price_to"]
        if low is not None and high is not None and low > high:
            self.add_error("price_to", _("This is less than the lowest price. Enter more, or leave it empty."))
            cleaned["price_to"] = None
        cleaned["currency"] = currency
        return cleaned

    def asked(self) -> Asked:
        """What was understood, always usable."""
        self.is_valid()
        given = self.cleaned_data
        low, high = given.get("price_from"), given.get("price_to")
        has_price = low is not None or high is not None
        q = given.get("q", "")
        sort = given.get("sort") or _usual_sort(q)
        return Asked(
            q=q,
            sort=NEWEST if sort == RELEVANCE and not q else sort,
            currency=given.get("currency", "") if has_price else "",
            low=low,
            high=high,
            delivery=given.get("delivery", ""),
            country=given.get("country", ""),
            shop=given.get("shop", ""),
            sold_out=given.get("sold_out", False),
        )

    def _amount(self, name: str, typed: str, currency: str) -> int | None:
        if not typed:
            return None
        try:
            return parse_amount(typed, currency)
        except ValueError as error:
            self.add_error(name, str(error))
            return None


def read(given: Mapping[str, Any]) -> tuple[Asked, BrowseForm | None]:
    """What was understood, and the form that understood it; most visitors ask for nothing, and then there is none."""
    if not any(given.get(name) for name in BrowseForm.base_fields):
        return NOTHING, None
    form = BrowseForm(given)
    return form.asked(), form


def currencies() -> tuple[tuple[str, str], ...]:
    """The currencies a price can be in, to choose from."""
    return tuple((code, code.upper()) for code in settings.MARKETPLACE_CURRENCIES)


def ways() -> tuple[tuple[str, str], ...]:
    """The ways to get something, to choose from."""
    return ("", _("Any way")), *((value, str(label)) for value, label in Listing.Delivery.choices)


def _usual_sort(q: str) -> str:
    return RELEVANCE if q else NEWEST


def _written(amount: int | None, currency: str) -> str:
    return "" if amount is None else str(to_decimal(amount, currency))
