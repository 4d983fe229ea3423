"""What the parts of an address are called where they go: a British postcode is no ZIP code, and Texas is no county."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import country_name
from customers import postal_codes
from customers.models import Address

_POSTAL = {
    "US": gettext_lazy("ZIP code"),
    "GB": gettext_lazy("Postcode"),
    "AU": gettext_lazy("Postcode"),
    "NZ": gettext_lazy("Postcode"),
    "IE": gettext_lazy("Eircode"),
    "IN": gettext_lazy("PIN code"),
    "BR": gettext_lazy("CEP"),
    "IT": gettext_lazy("CAP"),
}
_REGION = {
    "US": gettext_lazy("State"),
    "AU": gettext_lazy("State or territory"),
    "BR": gettext_lazy("State"),
    "MX": gettext_lazy("State"),
    "IN": gettext_lazy("State or union territory"),
    "CA": gettext_lazy("Province or territory"),
    "JP": gettext_lazy("Prefecture"),
    "IT": gettext_lazy("Province"),
    "ES": gettext_lazy("Province"),
    "CN": gettext_lazy("Province"),
    "AR": gettext_lazy("Province"),
    "AE": gettext_lazy("Emirate"),
    "GB": gettext_lazy("County"),
    "IE": gettext_lazy("County"),
    "CH": gettext_lazy("Canton"),
}
# Nobody there writes a region on a parcel.
_NO_REGION = frozenset({"AT", "BE", "CZ", "DE", "DK", "FI", "FR", "GR", "HU", "LU", "NL", "NO", "PL", "PT", "SE", "SG",
                        "SK"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressWords:
    """The labels of one country's form; None for a part that is not asked there."""

    country: str
    postal_code: str | None
    region: str | None

    @property
    def postal_example(self) -> str:
        """What a code looks like, where that is known."""
        rule = postal_codes.RULES.get(self.country)
        return _("For example %(example)s.") % {"example": rule.example} if rule else ""

    @property
    def postal_missing(self) -> str:
        """Said when the code is not filled in where every address has one."""
        return _("Enter the postal code.")

    @property
    def region_missing(self) -> str:
        """Said when the region is not filled in where parcels need one."""
        return _("An address in this country needs it.")


def one_line(address: Address) -> str:
    """An address to be told from others by: whom it goes to and where, with the country's name."""
    place = f"{address.postal_code} {address.city}".strip()
    parts = (address.name, address.line1, place, country_name(address.country))
    return ", ".join(part for part in parts if part)


def of(country: str) -> AddressWords:
    """The words for a country; without one, words that do for all of them."""
    postal = None if country in postal_codes.WITHOUT else str(_POSTAL.get(country, _("Postal code")))
    if country in _NO_REGION:
        region = None
    elif country in postal_codes.REGION_NEEDED or country in _REGION:
        region = str(_REGION[country])
    else:
        region = _("State or region")
    return AddressWords(country, postal, region)
