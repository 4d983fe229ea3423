"""Forms of the buyer's own pages."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import address_countries, country_name
from customers import postal_codes
from customers.models import Address


def clean_phone_number(text: str) -> str:
    """The number as people write it, single-spaced. Raises ValidationError when it cannot be one."""
    number = " ".join(text.split())
    digits = re.sub(r"[\s().\-/]", "", number)
    if number and re.fullmatch(r"\+?\d{5,15}", digits, flags=re.ASCII) is None:
        raise forms.ValidationError(_("Enter a phone number like +49 30 901820, or leave it empty."))
    return number


class ProfileForm(forms.Form):
    """Name and phone of a person."""

    full_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=gettext_lazy("Sellers see it on your orders."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
        help_text=gettext_lazy("Used only if a delivery goes wrong."),
    )

    def clean_phone(self) -> str:
        """A number somebody could call."""
        return clean_phone_number(self.cleaned_data["phone"])


class CountryDecides(forms.TextInput):
    """An input the browser must not insist on: whether it is needed depends on the country chosen beside it."""

    def use_required_attribute(self, initial: Any) -> bool:
        """Never; the server decides."""
        return False


class AddressForm(forms.ModelForm):
    """An address, with the rules of its country."""

    class Meta:
        model = Address
        fields = ("name", "line1", "line2", "postal_code", "city", "region", "country", "phone", "is_default")
        labels: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Full name"),
            "line1": gettext_lazy("Street and number"),
            "line2": gettext_lazy("Flat, floor, company"),
            "postal_code": gettext_lazy("Postal code"),
            "city": gettext_lazy("City"),
            "region": gettext_lazy("State or region"),
            "phone": gettext_lazy("Phone"),
            "is_default": gettext_lazy("Use this address by default"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "region": gettext_lazy("Needed in Australia, Brazil, Canada, India, Japan, Mexico and the United States."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "postal_code": {"required": gettext_lazy("Enter the postal code.")},
            "name": {"required": gettext_lazy("Enter the name on the letter box.")},
            "line1": {"required": gettext_lazy("Enter the street and number.")},
            "city": {"required": gettext_lazy("Enter the city.")},
        }
        # The names browsers know, so that one tap fills the form in.
        widgets: ClassVar[dict[str, Any]] = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "postal_code": CountryDecides(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
        }

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        choices=address_countries,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"required": gettext_lazy("Choose the country.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.data.get(self.add_prefix("country")) if self.is_bound else None
        self.fields["postal_code"].required = not chosen or chosen in postal_codes.RULES

    def clean_phone(self) -> str:
        """A number the carrier could call."""
        return clean_phone_number(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        """Check what depends on the country: the postal code, and the region where parcels need one."""
        cleaned = super().clean() or self.cleaned_data
        country = cleaned.get("country")
        if not country:
            return cleaned
        if "postal_code" in cleaned:
            try:
                cleaned["postal_code"] = postal_codes.normalise(cleaned["postal_code"], country)
            except ValueError as error:
                self.add_error("postal_code", str(error))
        if country in postal_codes.REGION_NEEDED and not cleaned.get("region") and "region" not in self.errors:
            self.add_error(
                "region", _("An address in %(country)s needs its state or region.") % {"country": country_name(country)}
            )
        return cleaned
