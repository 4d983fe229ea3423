"""Forms on the way to selling."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import Choices, currencies, selling_countries
from accounts.models import Seller

# Said at the field wherever somebody types one.
NOT_AN_EMAIL = gettext_lazy("Enter an e-mail address like name@example.org.")


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
        return _readable(self.cleaned_data["name"])


class ShopPageForm(forms.ModelForm[Seller]):
    """What a shop says about itself. The photo is looked at when it is stored (catalog.portraits)."""

    photo = forms.FileField(
        label=gettext_lazy("Photo of you or your shop"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text=gettext_lazy(
            "People like to see who they buy from. JPEG, PNG, WebP or GIF, up to 10 MB; we cut it to a square."
        ),
    )

    class Meta:
        model = Seller
        fields = ("name", "about")
        labels = {"name": gettext_lazy("Shop name"), "about": gettext_lazy("Your story")}
        help_texts = {
            "name": gettext_lazy("Buyers see it on your listings. The address of your shop stays the same."),
            "about": gettext_lazy("Who you are, what you make and how, in a few sentences."),
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "about": forms.Textarea(attrs={"rows": 6}),
        }

    field_order = ("photo", "name", "about")

    def clean_name(self) -> str:
        """A name with something to read in it."""
        return _readable(self.cleaned_data["name"])

    def store(self) -> None:
        """Save what was changed here, and only that: somebody else may have changed the rest meanwhile."""
        changed = [name for name in self.changed_data if name in self.Meta.fields]
        if changed:
            self.instance.save(update_fields=changed)


def _readable(typed: str) -> str:
    name = " ".join(typed.split())
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
