"""Forms of the buyer's own pages."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import address_countries
from customers import address_words, postal_codes
from customers.models import Address

# The continents of the time zone names; the rest are old names and offsets.
REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip


def clean_phone_number(text: str) -> str:
    """The number as people write it, single-spaced. Raises ValidationError when it cannot be one."""
    number = " ".join(text.split())
    digits = re.sub(r"[\s().\-/]", "", number)
    if number and re.fullmatch(r"\+?\d{5,15}", digits, flags=re.ASCII) is None:
        raise forms.ValidationError(_("Enter a phone number like +49 30 901820, or leave it empty."))
    return number


class NameForm(forms.Form):
    """What a person is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        help_text=gettext_lazy("Sellers see it on your orders."),
    )


class PhoneForm(forms.Form):
    """How a person can be called."""

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


def _languages() -> list[tuple[str, str]]:
    return [("", _("As my browser asks")), *settings.LANGUAGES]


class LanguageForm(forms.Form):
    """In which language we speak to somebody."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=_languages,
        required=False,
        help_text=gettext_lazy("Of the pages, of our mails, and of Stripe’s payment page."),
    )


def _time_zones() -> list[Any]:
    """Every zone with a place in its name, by continent; first the marketplace's own."""
    own = settings.TIME_ZONE
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region in REGIONS:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    usual = _("As the marketplace: %(zone)s") % {"zone": own.replace("_", " ")}
    return [("", usual), ("UTC", "UTC"), *regions.items()]


class TimeZoneForm(forms.Form):
    """In which time somebody reads dates."""

    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=_time_zones,
        required=False,
        help_text=gettext_lazy("Dates and times on all pages are shown in it."),
    )


class CountryDecides(forms.TextInput):
    """An input the browser must not insist on: whether it is needed depends on the country chosen beside it."""

    def use_required_attribute(self, initial: Any) -> bool:
        """Never; the server decides."""
        return False


class AddressForm(forms.ModelForm):
    """An address, with the words and the rules of its country."""

    class Meta:
        model = Address
        fields = (
            "country", "name", "line1", "line2", "postal_code", "city", "region", "phone", "is_default",
            "is_billing_default",
        )  # fmt: skip
        labels: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Full name"),
            "line1": gettext_lazy("Street and number"),
            "line2": gettext_lazy("Flat, floor, company"),
            "city": gettext_lazy("City"),
            "phone": gettext_lazy("Phone"),
            "is_default": gettext_lazy("Send things here by default"),
            "is_billing_default": gettext_lazy("Bill to this address by default"),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "name": {"required": gettext_lazy("Enter the name on the letter box.")},
            "line1": {"required": gettext_lazy("Enter the street and number.")},
            "city": {"required": gettext_lazy("Enter the city.")},
        }
        # The names browsers know, so that one tap fills the form in; people write names in either direction.
        widgets: ClassVar[dict[str, Any]] = {
            "name": forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1", "dir": "auto"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2", "dir": "auto"}),
            "postal_code": CountryDecides(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2", "dir": "auto"}),
            "region": CountryDecides(attrs={"autocomplete": "address-level1", "dir": "auto"}),
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
        given = self.data.get(self.add_prefix("country")) if self.is_bound else self.initial.get("country")
        self.words = address_words.of(given or "")
        for name in ("postal_code", "region"):
            label = getattr(self.words, name)
            field = self.fields[name]
            field.label = label or field.label
        self._need("postal_code", not given or given in postal_codes.RULES, self.words.postal_missing)
        self._need("region", given in postal_codes.REGION_NEEDED, self.words.region_missing)
        self.fields["postal_code"].help_text = self.words.postal_example
        # Whoever changes the country gets the form in its words by the button beside it; without one all is shown.
        self.shows_postal_code = self.words.postal_code is not None
        self.shows_region = self.words.region is not None or bool(self["region"].value())

    def _need(self, name: str, needed: bool, missing: str) -> None:
        self.fields[name].required = needed
        self.fields[name].error_messages["required"] = missing

    def in_words_of_country(self) -> Self:
        """The same form with what was typed, in the words of the country that was chosen, and nothing wrong yet."""
        given = {name: self[name].value() for name in self.fields}
        return type(self)(instance=self.instance, initial=given, prefix=self.prefix)

    def clean_phone(self) -> str:
        """A number the carrier could call."""
        return clean_phone_number(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        """Check what depends on the country: the postal code, and the region where parcels need one."""
        cleaned = super().clean() or self.cleaned_data
        country = cleaned.get("country")
        if not country:
            return cleaned
        code = cleaned.get("postal_code", "")
        if country in postal_codes.WITHOUT:
            cleaned["postal_code"] = ""
        elif code:
            try:
                cleaned["postal_code"] = postal_codes.normalise(code, country)
            except ValueError as error:
                self.add_error("postal_code", str(error))
        return cleaned
