"""What a single cell says: an amount, a number, yes or no, an address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from kit.money import exponent, parse_amount

YES, NO = frozenset({"true", "yes", "1", "wahr", "vrai"}), frozenset({"false", "no", "0", "falsch", "faux"})
MOST_IN_STOCK = 1_000_000
LONGEST_ADDRESS = 2000
LONGEST_AMOUNT = 40
SYMBOLS = {"€": "eur", "$": "usd", "£": "gbp", "¥": "jpy", "us$": "usd"}
# An amount with its currency before or after it.
WITH_CURRENCY = re.compile(
    r"(?P<before>[^\d\s.,'+-]{1,3})?\s*(?P<amount>[-+]?[\d.,'\s]*\d)\s*(?P<after>[^\d\s.,'+-]{1,3})?"
)
# Thousands set apart, in the two ways of writing them.
COMMA_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+")
WHOLE_THOUSANDS = re.compile(r"\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+)")
POINT_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+")
COUNTED = re.compile(r"(-?\d{1,7}) of (-?\d{1,7})")


def price(text: str, currency: str) -> int:
    """An amount in minor units of `currency`. Raises ValueError with a sentence for the seller."""
    if not text:
        raise ValueError(_("There is no price. Enter an amount like 19.99."))
    # Nothing so long is an amount, and looking for one in it could take minutes.
    match = WITH_CURRENCY.fullmatch(text.strip()) if len(text) <= LONGEST_AMOUNT else None
    if match is None:
        raise ValueError(_("“%(text)s”: Enter an amount like 19.99.") % {"text": text[:40]})
    for said in (match["before"], match["after"]):
        named = SYMBOLS.get(said.casefold(), said.casefold()) if said else currency
        if named != currency:
            raise ValueError(_another_currency(text, currency))
    try:
        amount = parse_amount(_plain(match["amount"], currency), currency)
    except ValueError as error:
        raise ValueError(_("“%(text)s”: %(reason)s") % {"text": text[:40], "reason": error}) from None
    if amount == 0:
        raise ValueError(_("Nothing can be sold for nothing. Enter a price of more than zero."))
    return amount


def _another_currency(text: str, currency: str) -> str:
    return _("“%(text)s” is not in %(currency)s. Enter the amount in %(currency)s, like 19.99.") % {
        "text": text[:40],
        "currency": currency.upper(),
    }


def _plain(amount: str, currency: str) -> str:
    """The amount without what sets thousands apart; as it is where one cannot tell (1.299 has three decimals)."""
    if exponent(currency) == 0 and WHOLE_THOUSANDS.fullmatch(amount):
        return amount.replace(",", "").replace(".", "")
    if COMMA_THOUSANDS.fullmatch(amount):
        return amount.replace(",", "")
    if POINT_THOUSANDS.fullmatch(amount):
        return amount.replace(".", "").replace(",", ".")
    if "," in amount and "." in amount:
        raise ValueError(_("Enter an amount like 19.99."))
    return amount


def quantity(text: str) -> tuple[int, str]:
    """How many there are, and a note where that is not what the cell says. Raises ValueError with a sentence."""
    digits = text.removesuffix(".0").removesuffix(".00")
    if not digits.removeprefix("-").isdecimal() or len(digits) > 10:
        raise ValueError(_("“%(text)s” is not a whole number. Enter how many there are.") % {"text": text[:40]})
    found = int(digits)
    if found > MOST_IN_STOCK:
        raise ValueError(_("At most 1,000,000 can be in stock. Enter fewer."))
    if found < 0:
        note = _("%(count)d is read as 0: other shops count below zero when they sold more than they had.")
        return 0, note % {"count": found}
    return found, ""


def counted(text: str) -> int | None:
    """The difference between the last file's count and the stock of that moment ("7 of 10" is 3); None where the cell
    is empty. Raises ValueError.
    """
    if not text:
        return None
    match = COUNTED.fullmatch(text)
    if match is None:
        raise ValueError(_("“%(text)s” was changed. Leave this column as it was exported.") % {"text": text[:40]})
    return int(match[2]) - int(match[1])


def is_yes(text: str, *, unsaid: bool) -> bool:
    """Whether the cell says yes. Raises ValueError with a sentence."""
    said = text.casefold()
    if said and said not in YES | NO:
        raise ValueError(_("“%(text)s” is neither true nor false. Write one of them.") % {"text": text[:40]})
    return said in YES if said else unsaid


def is_address(text: str) -> bool:
    """Whether the cell is an address of the web."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(host) and len(text) <= LONGEST_ADDRESS and not text.split()[1:]
