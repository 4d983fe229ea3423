"""Forms on the way to selling."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import Choices, currencies, selling_countries


def _country_choices() -> Choices:
    return [("", _("Choose a country")), *selling_countries()]


def _currency_choices() -> Choices:
    return [("", _("Choose a currency")), *currencies()]


class ShopForm(forms.Form):
    """What a new shop needs to know about itself."""

    name = forms.CharField(
        label=gettext_lazy("Shop name"),
        min_length=2,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        help_text=gettext_lazy("Buyers see it on your listings. You can change it later."),
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country you sell from"),
        choices=_country_choices,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        help_text=gettext_lazy(
            "Where you live or your business is registered. It cannot be changed once Stripe knows it."
        ),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Usual currency"),
        choices=_currency_choices,
        help_text=gettext_lazy("New listings begin with it."),
    )

    def clean_name(self) -> str:
        """A name with something to read in it."""
        name = " ".join(self.cleaned_data["name"].split())
        if not any(character.isalnum() for character in name):
            raise forms.ValidationError(_("Enter a name with letters or digits."))
        return name


class AcceptanceForm(forms.Form):
    """The yes to one version of the guidelines."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label=gettext_lazy("I have read the guidelines and my shop will keep to them"),
        error_messages={"required": gettext_lazy("Tick the box if you accept the guidelines.")},
    )
