"""Amounts: integer minor units of a lower-case currency, everywhere."""

from __future__ import annotations

from emulator.errors import invalid

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
OTHERS = frozenset(
    "aed aud bgn brl cad chf czk dkk eur gbp hkd huf inr isk mxn myr nok nzd pln ron sek sgd thb twd ugx usd zar"
    "".split()
)
SUPPORTED = ZERO_DECIMAL | THREE_DECIMAL | OTHERS

# The smallest charge, in minor units of its currency (Stripe's list of minimum amounts).
MINIMUM = {
    "usd": 50,
    "aed": 200,
    "aud": 50,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
}
MAXIMUM = 99_999_999


def require_currency(code: str, param: str = "currency") -> str:
    """The currency in lower case, or Stripe's complaint."""
    lowered = code.lower()
    if lowered not in SUPPORTED:
        raise invalid(
            f"Invalid currency: {code}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}",
            param=param,
        )
    return lowered


def require_chargeable(amount: int, currency: str, param: str = "amount") -> None:
    """Refuses what no card would be charged: below the minimum, or above eight digits."""
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param=param, code="parameter_invalid_integer")
    minimum = MINIMUM.get(currency, 1)
    if amount < minimum:
        raise invalid(
            f"Amount must be at least {display(minimum, currency)} {currency}", param=param, code="amount_too_small"
        )
    if amount > MAXIMUM:
        raise invalid(
            f"Amount must be no more than {display(MAXIMUM, currency)} {currency}", param=param, code="amount_too_large"
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(f"Amounts in {currency} must end in 0.", param=param)


def display(amount: int, currency: str) -> str:
    """For people: 1234 eur -> 12.34, 50 jpy -> 50."""
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    if digits == 0:
        return str(amount)
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"


def processing_fee(amount: int, *, basis_points: int, fixed: int) -> int:
    """Stripe's fee in the charge's minor units, half up: 10,000 at 290 basis points + 30 is 320."""
    return (amount * basis_points + 5_000) // 10_000 + fixed


def share_so_far(total: int, part: int, whole: int) -> int:
    """Of `total`, what has gone once `part` of `whole` has: floor, and all at the end, so that parts add up."""
    return total if part >= whole else total * part // whole
