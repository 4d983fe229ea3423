"""Countries, currencies and percentages in the reader's language."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_percent
from django.conf import settings
from django.utils.translation import get_language, gettext, to_locale

# Codes the locale data names that are not countries things can be sent to.
NOT_COUNTRIES = frozenset(
    {
        "EU",
        "EZ",
        "QO",
        "UN",
        "XA",
        "XB",
        "ZZ",
        "AQ",
        "BV",
        "HM",
        "TF",
        "GS",
        "UM",
        "CP",
        "DG",
        "AC",
        "EA",
        "IC",
        "TA",
        "CQ",
    }
)

Choices = list[tuple[str, str]]


@lru_cache(maxsize=16)
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(to_locale(language)).territories
    return {code: name for code, name in territories.items() if len(code) == 2 and code not in NOT_COUNTRIES}


def country_name(code: str) -> str:
    """The country's name for the reader; the code itself when there is no such country."""
    return _names(get_language() or "en").get(code, code)


def is_country(code: str) -> bool:
    """Whether things can be sent to a country with this code."""
    return code in _names("en")


def selling_countries() -> Choices:
    """Where sellers may live, by name: what Stripe can onboard for this marketplace."""
    return _sorted(settings.MARKETPLACE_COUNTRIES)


def address_countries() -> list[tuple[str, str | Choices]]:
    """Every country, for an address: those of our sellers first, because most things go there."""
    near = set(settings.MARKETPLACE_COUNTRIES)
    others = [code for code in _names("en") if code not in near]
    return [
        ("", gettext("Choose a country")),
        (gettext("Where our sellers are"), selling_countries()),
        (gettext("Other countries"), _sorted(others)),
    ]


def currencies() -> Choices:
    """The currencies listings can be priced in: "Euro (EUR)"."""
    locale = Locale.parse(to_locale(get_language() or "en"))
    named = [
        (code, f"{locale.currencies.get(code.upper(), code)} ({code.upper()})")
        for code in settings.MARKETPLACE_CURRENCIES
    ]
    return sorted(named, key=lambda choice: choice[1])


def percentage(basis_points: int) -> str:
    """Basis points as people read them: 1000 is "10%", 250 is "2.5%"."""
    return str(
        format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=to_locale(get_language() or "en"))
    )


def _sorted(codes: list[str]) -> Choices:
    return sorted(((code, country_name(code)) for code in codes), key=lambda choice: choice[1])
