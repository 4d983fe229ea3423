"""Where sellers can be, and Stripe's test bank accounts: no other number is taken, least of all a real one."""

from __future__ import annotations

import re

from emulator.types import Json

COUNTRIES = (
    "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LI LT LU LV MT NL NO PL PT RO SE SI SK US CA AU".split()
)
ROUTING = "110000000"
IBANS = frozenset(
    (
        "DE89370400440532013000",
        "DE62370400440532013001",
        "AT611904300234573201",
        "FR1420041010050500013M02606",
        "NL39RABO0300065264",
        "ES0700120345030000067890",
        "IT40S0542811101000000123456",
        "IE29AIBK93115212345678",
        "BE62510007547061",
        "GB82WEST12345698765432",
    )
)
ACCOUNTS = frozenset(("000123456789", "000111111116", "000111111113", "000222222227", "000333333335", "000444444440"))
TOKENS = frozenset(("btok_us", "btok_us_verified"))
_NAME = "STRIPE TEST BANK"


def by_iban(text: str) -> Json | None:
    """The bank account of a test IBAN, spaces or not."""
    iban = re.sub(r"\s", "", text).upper()
    if iban not in IBANS:
        return None
    return {"bank_name": _NAME, "last4": iban[-4:], "country": iban[:2], "routing_number": None}


def by_number(routing: str, account: str) -> Json | None:
    """The bank account of a US test routing and account number."""
    if routing != ROUTING or account not in ACCOUNTS:
        return None
    return {"bank_name": _NAME, "last4": account[-4:], "country": "US", "routing_number": routing}
