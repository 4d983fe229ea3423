"""What a postal code looks like, per country. A country that is not here takes any code, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Rule:
    """The written form of a country's codes, with one that exists."""

    pattern: str
    example: str


FIVE_DIGITS = r"\d{5}"
FOUR_DIGITS = r"\d{4}"
SIX_DIGITS = r"\d{6}"

RULES = {
    "AT": Rule(FOUR_DIGITS, "1010"),
    "AU": Rule(FOUR_DIGITS, "2000"),
    "BE": Rule(FOUR_DIGITS, "1000"),
    "BR": Rule(r"\d{5}-\d{3}", "01310-100"),
    "CA": Rule(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d", "K1A 0B1"),
    "CH": Rule(FOUR_DIGITS, "8001"),
    "CZ": Rule(r"\d{3} \d{2}", "110 00"),
    "DE": Rule(FIVE_DIGITS, "10115"),
    "DK": Rule(FOUR_DIGITS, "1050"),
    "ES": Rule(FIVE_DIGITS, "28013"),
    "FI": Rule(FIVE_DIGITS, "00100"),
    "FR": Rule(FIVE_DIGITS, "75001"),
    "GB": Rule(r"(?:GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})", "SW1A 1AA"),
    "GR": Rule(r"\d{3} \d{2}", "105 57"),
    "HU": Rule(FOUR_DIGITS, "1051"),
    "IE": Rule(r"[A-Z]\d[\dW] [A-Z\d]{4}", "D02 AF30"),
    "IN": Rule(SIX_DIGITS, "110001"),
    "IT": Rule(FIVE_DIGITS, "00186"),
    "JP": Rule(r"\d{3}-\d{4}", "100-0001"),
    "LU": Rule(FOUR_DIGITS, "1111"),
    "MX": Rule(FIVE_DIGITS, "06000"),
    "NL": Rule(r"\d{4} [A-Z]{2}", "1012 JS"),
    "NO": Rule(FOUR_DIGITS, "0150"),
    "NZ": Rule(FOUR_DIGITS, "6011"),
    "PL": Rule(r"\d{2}-\d{3}", "00-001"),
    "PT": Rule(r"\d{4}-\d{3}", "1100-148"),
    "SE": Rule(r"\d{3} \d{2}", "111 20"),
    "SG": Rule(SIX_DIGITS, "018956"),
    "SK": Rule(r"\d{3} \d{2}", "811 01"),
    "US": Rule(r"\d{5}(?:-\d{4})?", "94103"),
}

# Countries that have none: asked for one, people there make one up (upu.int, addressing solutions; Hong Kong, the
# Gulf states and most of central Africa and the Caribbean).
WITHOUT = frozenset(
    """AE AG AO AW BF BI BJ BO BQ BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY HK JM KI KM KN KP LY ML MO
    MR MW NR NU QA RW SB SC SL SR ST SY TD TG TK TL TO TV UG VU YE ZW""".split()
)

# Where the parcel does not arrive without it.
REGION_NEEDED = frozenset({"AU", "BR", "CA", "IN", "JP", "MX", "US"})

# Where the space or hyphen stands, counted from the left (positive) or the right (negative).
_GAPS = {
    "BR": ("-", 5), "CA": (" ", 3), "CZ": (" ", 3), "GB": (" ", -3), "GR": (" ", 3), "IE": (" ", 3), "JP": ("-", 3),
    "NL": (" ", 4), "PL": ("-", 2), "PT": ("-", 4), "SE": (" ", 3), "SK": (" ", 3),
}  # fmt: skip


def normalise(code: str, country: str) -> str:
    """The code in its country's written form, however it was typed: "1012js" in NL is "1012 JS".

    Raises ValueError with a sentence for the person when it cannot be a code of that country.
    """
    rule = RULES.get(country)
    if rule is None:
        return " ".join(code.split())
    written = _spaced(code, country)
    if re.fullmatch(rule.pattern, written, flags=re.ASCII) is None:
        raise ValueError(_("In this country it looks like %(example)s.") % {"example": rule.example})
    return written


def _spaced(code: str, country: str) -> str:
    bare = re.sub(r"[\s\-–]", "", code).upper()
    if RULES[country].pattern in (FOUR_DIGITS, FIVE_DIGITS):
        # "D-10115", "AT-1010": the sign of the country, in front of codes that are digits alone.
        bare = re.sub(rf"^{country[0]}{country[1]}?(?=\d)", "", bare)
    if country == "US" and len(bare) == 9:
        return f"{bare[:5]}-{bare[5:]}"
    if country not in _GAPS:
        return bare
    mark, at = _GAPS[country]
    return f"{bare[:at]}{mark}{bare[at:]}"
