"""What a person may say about a basket: which listing, and how many. Prices never come from a form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Listing, Variant
from catalog.variants import offered_of
from orders import parcels
from orders.baskets import LARGEST_QUANTITY

TOO_MANY = _("One basket holds at most %(limit_value)s of a thing.")


class AddToBasketForm(forms.Form):
    """Some units of a listing that is for sale."""

    listing = forms.ModelChoiceField(
        queryset=Listing.objects.none(),
        error_messages={
            "required": _("Choose something to add first."),
            "invalid_choice": _("This is no longer for sale, so it was not added to your basket."),
        },
    )
    variant = forms.IntegerField(required=False, error_messages={"invalid": _("Choose one from the list.")})
    quantity = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_QUANTITY,
        error_messages={
            "invalid": _("Write the quantity as a number, like 2."),
            "min_value": _("Add at least one."),
            "max_value": TOO_MANY,
        },
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["listing"].queryset = Listing.objects.filter(  # type: ignore[attr-defined]
            status=Listing.Status.PUBLISHED
        ).select_related("seller")

    def clean_variant(self) -> Variant | None:
        """The variant, if it is one the listing is offered in."""
        chosen, listing = self.cleaned_data["variant"], self.cleaned_data.get("listing")
        if chosen is None or listing is None:
            return None
        variant = offered_of(listing).filter(pk=chosen).first()
        if variant is None:
            raise forms.ValidationError(_("This variant is no longer for sale. Choose another one."))
        return variant

    def clean_quantity(self) -> int:
        """One, when nothing was said."""
        quantity: int | None = self.cleaned_data["quantity"]
        return 1 if quantity is None else quantity


class QuantityForm(forms.Form):
    """How many of a line; 0 removes it."""

    quantity = forms.IntegerField(
        min_value=0,
        max_value=LARGEST_QUANTITY,
        error_messages={
            "required": _("Write how many you want; 0 removes it."),
            "invalid": _("Write the quantity as a number, like 2."),
            "min_value": _("Write how many you want; 0 removes it."),
            "max_value": TOO_MANY,
        },
    )


class ShippingForm(forms.Form):
    """How a parcel can be followed, if the seller wants to say. A number belongs to a carrier."""

    carrier = forms.CharField(
        label=_("Carrier"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"list": "carriers", "autocomplete": "off"}),
        help_text=_("Choose one or write another. Without tracking leave both empty."),
    )
    tracking_number = forms.CharField(
        label=_("Tracking number"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_carrier(self) -> str:
        """A carrier we know under the name everybody knows it by."""
        name = " ".join(str(self.cleaned_data["carrier"]).split())
        found = parcels.known(name)
        return found.name if found else name

    def clean_tracking_number(self) -> str:
        """As it is printed on the parcel."""
        number = " ".join(str(self.cleaned_data["tracking_number"]).split())
        if number and not parcels.NUMBER.fullmatch(number):
            raise forms.ValidationError(_("A tracking number has letters and digits only, at least three."))
        return number

    def clean(self) -> dict[str, Any]:
        """A number alone leads nowhere."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("tracking_number") and not given.get("carrier") and "carrier" not in self.errors:
            self.add_error("carrier", _("Say whose number this is: the buyer follows the parcel there."))
        return given


class DigitalFileForm(forms.Form):
    """One file that buyers download, all of them or those of one variant; what it is and how large it may be is judged
    in orders.digital_files.
    """

    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, EPUB, ZIP, a picture, sound, a film or a font, up to 100 MB."),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
    variant = forms.ModelChoiceField(
        label=_("Who gets it"),
        queryset=Variant.objects.none(),
        required=False,
        empty_label=_("Everybody who buys this"),
        error_messages={"invalid_choice": _("This variant is no longer for sale. Choose another one.")},
    )

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if listing.options:
            self.fields["variant"].queryset = offered_of(listing)  # type: ignore[attr-defined]
        else:
            del self.fields["variant"]
