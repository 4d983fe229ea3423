"""What a person may say about a basket: which listing, and how many. Prices never come from a form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Listing, Variant
from catalog.variants import offered_of
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
    """How a parcel can be followed, if the seller wants to say."""

    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=100, required=False)
