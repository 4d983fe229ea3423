"""The variants of a listing as a seller types them: up to three options, then a line for each combination."""

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.models import Listing, Variant
from catalog.variants import MOST_OPTIONS, MOST_VARIANTS, Offer
from kit.money import parse_amount, to_decimal

LONGEST_NAME, LONGEST_VALUE = 40, 60
MOST_IN_STOCK = 1_000_000


class OptionsForm(forms.Form):
    """What the variants differ in: names like "Size", each with its values, separated by commas."""

    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = listing.version
        offered = list(listing.variants.filter(withdrawn_at=None)) if listing.options else []
        for place in range(MOST_OPTIONS):
            self.fields[f"name{place}"] = forms.CharField(
                label=_("Option %(n)d") % {"n": place + 1}, max_length=LONGEST_NAME, required=False
            )
            self.fields[f"values{place}"] = forms.CharField(
                label=_("Its values, separated by commas"), max_length=2000, required=False
            )
            if place < len(listing.options):
                values = dict.fromkeys(variant.values[place] for variant in offered)
                self.initial[f"name{place}"] = listing.options[place]
                self.initial[f"values{place}"] = ", ".join(values)

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each option's two fields."""
        return [(self[f"name{place}"], self[f"values{place}"]) for place in range(MOST_OPTIONS)]

    def clean(self) -> dict[str, Any]:
        """Names and values that fit together, and no more combinations than a page can show."""
        cleaned = super().clean() or self.cleaned_data
        options: dict[str, list[str]] = {}
        for place in range(MOST_OPTIONS):
            name = " ".join(cleaned.get(f"name{place}", "").split())
            values = _values(cleaned.get(f"values{place}", ""))
            if name and not values:
                self.add_error(f"values{place}", _("Write at least one value, like “S, M, L”."))
            elif values and not name:
                self.add_error(f"name{place}", _("Say what these are, like “Size”."))
            elif name.casefold() in {known.casefold() for known in options}:
                self.add_error(f"name{place}", _("You have this option already. Give this one another name."))
            elif name:
                options[name] = values
            if any(len(value) > LONGEST_VALUE for value in values):
                message = _("A value has at most %(count)d characters. Shorten “%(value)s”.")
                longest = max(values, key=len)
                self.add_error(f"values{place}", message % {"count": LONGEST_VALUE, "value": longest[:LONGEST_VALUE]})
        combinations = 1
        for values in options.values():
            combinations *= len(values)
        if combinations > MOST_VARIANTS:
            message = _("That makes %(n)d variants, and a listing has at most %(most)d. Use fewer values.")
            last = f"values{len(options) - 1}"
            self.add_error(last, message % {"n": combinations, "most": MOST_VARIANTS})
        cleaned["options"] = options
        return cleaned

    def options(self) -> list[str]:
        """The names of the options."""
        return list(self.cleaned_data["options"])

    def combinations(self) -> list[tuple[str, ...]]:
        """Every combination of the values, none without options."""
        given: Mapping[str, list[str]] = self.cleaned_data["options"]
        return list(product(*given.values())) if given else []


class VariantForm(forms.Form):
    """One line of the grid."""

    values = forms.CharField(widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    offered = forms.BooleanField(label=gettext_lazy("Offer it"), required=False)
    price = forms.CharField(
        label=gettext_lazy("Price"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    available = forms.IntegerField(
        label=gettext_lazy("In stock"), min_value=0, max_value=MOST_IN_STOCK, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value"), gettext_lazy("Enter how many you have: 0 or more.")),
    )  # fmt: skip
    sku = forms.CharField(label=gettext_lazy("SKU"), max_length=100, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    @property
    def combination(self) -> tuple[str, ...]:
        """The values this line is for."""
        return _combination(self["values"].value())

    @property
    def name(self) -> str:
        """The values as people read them."""
        return " / ".join(self.combination)

    def clean_price(self) -> int:
        """Minor units; nothing is asked of a line that is not offered."""
        typed = self.cleaned_data["price"]
        if not self.cleaned_data.get("offered"):
            return 0
        if not typed:
            raise ValidationError(_("Enter a price, like 19.99."))
        try:
            price = parse_amount(typed, self.currency)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if price == 0:
            raise ValidationError(_("Enter a price of more than zero."))
        return price

    def offer(self) -> Offer:
        """The line, checked. The change of stock is a difference to what was shown, so that sales meanwhile count."""
        cleaned = self.cleaned_data
        change = (cleaned["available"] or 0) - (cleaned["seen"] or 0)
        return Offer(self.combination, cleaned["price"], change, cleaned["sku"].strip())

    def refuse_stock(self, left: int) -> None:
        """More was taken away than is left; the next change counts from that."""
        message = ngettext(
            "%(n)d is left now, as others were sold meanwhile. Enter how many you have.",
            "%(n)d are left now, as others were sold meanwhile. Enter how many you have.",
            left,
        )
        self.add_error("available", message % {"n": left})
        self.data = {**self.data, self.add_prefix("seen"): str(left)}


class Grid:
    """The lines for all combinations: as stored, or as they were posted."""

    def __init__(self, listing: Listing, combinations: list[tuple[str, ...]], data: Mapping[str, Any] | None) -> None:
        posted = _posted(data or {})
        known = {tuple(variant.values): variant for variant in listing.variants.all()}
        self.is_complete = bool(data) and all(values in posted for values in combinations)
        self.forms = []
        for place, values in enumerate(combinations):
            prefix = f"row{place}"
            given = {f"{prefix}-{name}": value for name, value in posted.get(values, {}).items()} or None
            start = _stored(listing, values, known.get(values))
            self.forms.append(VariantForm(given, prefix=prefix, initial=start, currency=listing.currency))

    def is_valid(self) -> bool:
        """Whether every line can be stored as it is."""
        return self.is_complete and all(form.is_valid() for form in self.forms)

    @classmethod
    def as_typed(cls, listing: Listing, data: Mapping[str, Any]) -> "Grid":
        """The lines that were posted, while the options do not say yet which there are to be."""
        return cls(listing, [values for values in _posted(data) if values], data)

    @property
    def wrong(self) -> list[VariantForm]:
        """The lines something is wrong with."""
        return [form for form in self.forms if form.is_bound and form.errors]

    def offers(self) -> list[Offer]:
        """The lines that are to be offered."""
        return [form.offer() for form in self.forms if form.cleaned_data["offered"]]

    def refuse_stock(self, variant: Variant, left: int) -> None:
        """Say at the line of a variant how many of it are left."""
        for form in self.forms:
            if form.combination == tuple(variant.values):
                form.refuse_stock(left)


def _values(typed: str) -> list[str]:
    values = (" ".join(value.split()) for value in typed.replace("\n", ",").split(","))
    by_case = {value.casefold(): value for value in reversed([value for value in values if value])}
    return list(reversed(by_case.values()))


def _combination(text: str | None) -> tuple[str, ...]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    return tuple(str(value) for value in found) if isinstance(found, list) else ()


def _stored(listing: Listing, values: tuple[str, ...], variant: Variant | None) -> dict[str, Any]:
    """What a line shows before anybody has typed into it."""
    price = variant.price if variant else listing.price
    available = variant.available if variant else 0
    return {
        "values": json.dumps(values, ensure_ascii=False),
        "seen": available,
        "available": available,
        "offered": variant is None or variant.is_offered,
        "price": str(to_decimal(price, listing.currency)),
        "sku": variant.sku if variant else "",
    }


def _posted(data: Mapping[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    found = {}
    for place in range(MOST_VARIANTS):
        if f"row{place}-values" in data:
            names = (*VariantForm.base_fields,)
            row = {name: data[f"row{place}-{name}"] for name in names if f"row{place}-{name}" in data}
            found[_combination(row["values"])] = row
    return found
