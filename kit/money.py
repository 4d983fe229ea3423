"""Money: whole minor units of one currency, in a type that refuses floats and mixed currencies.

The exponent table is Stripe's, not ISO 4217's: what matters is how Stripe's API counts ("Money" in
Stripe's currency documentation; ISK and UGX are sent with two decimals although they have none in daily life).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import format_currency
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())

# Stripe takes whole crowns and shillings only, written with two decimals, and thousandths that end in 0: what is
# charged, refunded or transferred is a multiple of so many minor units (docs.stripe.com/currencies; fault F33).
STEPS = {"isk": 100, "ugx": 100, **dict.fromkeys(THREE_DECIMAL, 10)}

# Stripe's smallest charge per currency, in minor units (docs.stripe.com/currencies); others are checked by Stripe.
SMALLEST_CHARGE = {
    "usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "mxn": 1000, "sek": 300, "nok": 300, "dkk": 250, "pln": 200,
    "czk": 1500, "huf": 17500, "hkd": 400, "aed": 200, "thb": 1000, "chf": 50, "cad": 50, "aud": 50, "nzd": 50,
    "sgd": 50, "inr": 50, "brl": 50,
}  # fmt: skip

# Stripe takes at most eight digits of minor units in one charge (docs.stripe.com/currencies).
LARGEST_AMOUNT = 99_999_999


class MixedCurrencies(ValueError):
    """Two amounts of different currencies met in one sum or comparison."""


def exponent(currency: str) -> int:
    """How many decimals Stripe counts for `currency`: 0, 2 or 3."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """Of how many minor units amounts at Stripe are multiples: 1, 10 or 100."""
    return STEPS.get(currency, 1)


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of `currency` (lower-case three letters, as Stripe writes it)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Money counts whole minor units, not {type(self.amount).__name__}")
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.islower():
            raise ValueError(f"{self.currency!r} is not a currency code like 'eur'")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        if type(times) is not int:
            raise TypeError("Money is multiplied by whole numbers only; use basis_points or allocate")
        return Money(self.amount * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency}")
        return other.amount

    def basis_points(self, points: int) -> Money:
        """This times points/10,000, rounded half up to what Stripe takes (a fee is never lost to rounding down)."""
        size = step(self.currency)
        return Money((self.amount * points + 5_000 * size) // (10_000 * size) * size, self.currency)


def allocate(amount: int, weights: Sequence[int], *, step: int = 1) -> list[int]:
    """Split `amount` minor units by `weights` so that the parts sum to it exactly (largest remainder; ties to the
    first). Parts are multiples of `step`; what `amount` has beyond such a multiple goes to the part with most weight.

    Raises ValueError for a negative amount or weight, or when every weight is zero while there is something to split.
    """
    total = sum(weights)
    if amount < 0 or any(weight < 0 for weight in weights):
        raise ValueError("allocate takes amounts and weights of zero or more")
    if total == 0:
        if amount:
            raise ValueError("nothing to allocate by: every weight is zero")
        return [0 for _weight in weights]
    if step > 1:
        whole = [part * step for part in allocate(amount // step, weights)]
        whole[max(range(len(weights)), key=lambda i: (weights[i], -i))] += amount % step
        return whole
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as a decimal of the main unit: 1999 eur is 19.99."""
    return Decimal(amount).scaleb(-exponent(currency))


def parse_amount(text: str, currency: str) -> int:
    """Read what a person typed ("19.99", "19,99", "1 200", "1,200.50", "1.200,50") as minor units of `currency`.

    Raises ValueError with a sentence for the person: not a number, negative, or more decimals than the currency has.
    """
    cleaned = text.strip().replace("\u00a0", "").replace(" ", "").replace("'", "")
    try:
        value = Decimal(_with_point(cleaned))
    except InvalidOperation:
        raise ValueError(_("Enter an amount like 19.99.")) from None
    if not value.is_finite() or value < 0:
        raise ValueError(_("Enter an amount of zero or more."))
    if value > LARGEST_AMOUNT:
        # Before it is scaled: a number like 1e999999 would overflow there.
        raise ValueError(_("Stripe takes at most eight digits. Enter a smaller amount."))
    scaled = value.scaleb(exponent(currency))
    # Noughts count too: "1.000" may be a thousand in German and "1,000" in English, so neither is taken for one.
    if -int(value.as_tuple().exponent) > exponent(currency):
        if not exponent(currency):
            raise ValueError(_need_steps(currency))
        raise ValueError(
            _("%(currency)s has %(decimals)s decimals; this has more. Enter an amount like 19.99.")
            % {"currency": currency.upper(), "decimals": exponent(currency)}
        )
    if scaled > LARGEST_AMOUNT:
        raise ValueError(_("Stripe takes at most eight digits. Enter a smaller amount."))
    if scaled % step(currency):
        raise ValueError(_need_steps(currency))
    return int(scaled)


def _with_point(typed: str) -> str:
    """With a point before the decimals and no marks between thousands: the last mark that comes once is the point."""
    point = max(",.", key=typed.rfind)
    other = "." if point == "," else ","
    grouped = typed.replace(other, "")
    return grouped.replace(point, "." if grouped.count(point) == 1 else "")


def _need_steps(currency: str) -> str:
    if exponent(currency) == 3:
        return _("The third decimal of an amount in %(currency)s is always 0.") % {"currency": currency.upper()}
    return _("Amounts in %(currency)s are whole: enter one like 1200.") % {"currency": currency.upper()}


def format_money(amount: int, currency: str) -> str:
    """An amount for people, in the reader's locale, always with its currency and a true minus sign."""
    return _written(amount, currency, to_locale(get_language() or "en"))


# A page of the shop writes two dozen prices, and most of them are the same ones every time.
@lru_cache(maxsize=4096)
def _written(amount: int, currency: str, locale: str) -> str:
    text: str = format_currency(to_decimal(amount, currency), currency.upper(), locale=locale)
    return text.replace("-", "\u2212")
