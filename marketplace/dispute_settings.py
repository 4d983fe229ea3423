"""What the marketplace assumes about disputes until its own history says better, and the levels it watches.

None of it is a promise of Stripe's or of a card network's: fees and limits change, and the sources are named in
docs/operations.md. All are settings, so that whoever runs the marketplace puts in what is so for them.
"""

from django.core.exceptions import ImproperlyConfigured

from marketplace.environment import env


def _amounts(name: str, default: dict[str, str]) -> dict[str, int]:
    """Minor units by currency."""
    found = {currency: int(amount) for currency, amount in env.dict(name, default=default).items()}
    if any(amount < 0 for amount in found.values()):
        raise ImproperlyConfigured(f"{name} has an amount below zero.")
    return found


def _percent(name: str, default: int) -> int:
    found = env.int(name, default=default)
    if not 0 <= found <= 100:
        raise ImproperlyConfigured(f"{name} is {found}; it must be from 0 to 100.")
    return int(found)


def _at_least_one(name: str, default: int) -> int:
    found = env.int(name, default=default)
    if found < 1:
        raise ImproperlyConfigured(f"{name} is {found}; it must be 1 or more.")
    return int(found)


def _priors(name: str, default: dict[str, str], count: int) -> dict[str, tuple[int, ...]]:
    """Percentages by name: reason=nothing/some/all of the evidence."""
    found = {key: tuple(int(part) for part in text.split("/")) for key, text in env.dict(name, default=default).items()}
    wrong = [key for key, parts in found.items() if len(parts) != count or not all(0 <= part <= 100 for part in parts)]
    if wrong or "default" not in found:
        raise ImproperlyConfigured(f'{name} needs {count} percentages for each name, and a "default": {wrong}')
    return found


# Stripe's fee for a dispute, and for answering one (minor units). What a dispute really cost is read from the balance.
DISPUTE_FEES = _amounts("DISPUTE_FEES", {"eur": "2000", "usd": "1500", "gbp": "2000", "jpy": "1300"})
DISPUTE_COUNTER_FEES = _amounts("DISPUTE_COUNTER_FEES", {"eur": "2000", "usd": "1500", "gbp": "2000"})
DISPUTE_FEE_COMES_BACK = env.bool("DISPUTE_FEE_COMES_BACK", default=False)
DISPUTE_COUNTER_FEE_COMES_BACK = env.bool("DISPUTE_COUNTER_FEE_COMES_BACK", default=True)
# What the time of whoever answers costs the marketplace, for each dispute.
DISPUTE_HANDLING_COSTS = _amounts("DISPUTE_HANDLING_COSTS", {})
# How often a dispute is won, by Stripe's reason, with little, some and all of the evidence: in percent; and as how
# many disputes of our own that counts.
DISPUTE_WIN_PRIORS = _priors(
    "DISPUTE_WIN_PRIORS",
    {
        "fraudulent": "5/20/35",
        "unrecognized": "10/30/45",
        "product_not_received": "5/35/60",
        "product_unacceptable": "5/25/45",
        "credit_not_processed": "5/30/50",
        "duplicate": "5/40/70",
        "subscription_canceled": "5/30/50",
        "default": "5/25/40",
    },
    3,
)
DISPUTE_WIN_PRIOR_WEIGHT = _at_least_one("DISPUTE_WIN_PRIOR_WEIGHT", 20)
# How often an inquiry becomes a dispute: left without an answer, and answered.
INQUIRY_PRIOR_SILENT = _percent("INQUIRY_PRIOR_SILENT", 80)
INQUIRY_PRIOR_ANSWERED = _percent("INQUIRY_PRIOR_ANSWERED", 40)
INQUIRY_PRIOR_WEIGHT = _at_least_one("INQUIRY_PRIOR_WEIGHT", 10)
# How often a payment with a fraud warning is disputed if it is not refunded.
WARNING_PRIOR = _percent("WARNING_PRIOR", 80)
WARNING_PRIOR_WEIGHT = _at_least_one("WARNING_PRIOR_WEIGHT", 15)
# Of the price, what things cost that stay with the seller if they are not sent; what it costs to keep an honest
# buyer and seller waiting; and how much of what sellers owe after a loss is never paid back.
GOODS_COST_PERCENT = _percent("GOODS_COST_PERCENT", 60)
WAITING_COST_PERCENT = _percent("WAITING_COST_PERCENT", 5)
SELLER_DEFAULT_PERCENT = _percent("SELLER_DEFAULT_PERCENT", 5)
SELLER_DEFAULT_OWING_PERCENT = _percent("SELLER_DEFAULT_OWING_PERCENT", 25)
# So many days a warned payment is held for the dispute that may come, and after so many none is expected any more.
WARNING_HOLD_DAYS = _at_least_one("WARNING_HOLD_DAYS", 45)
WARNING_OVER_DAYS = _at_least_one("WARNING_OVER_DAYS", 120)
# Dispute rates in hundredths of a percent, from which a name stands beside them, and the fewest disputes for that.
DISPUTE_RATE_LEVELS = {
    level: int(points)
    for level, points in env.dict("DISPUTE_RATE_LEVELS", default={"watch": "50", "act": "75", "network": "90"}).items()
}
if set(DISPUTE_RATE_LEVELS) != {"watch", "act", "network"}:
    raise ImproperlyConfigured("DISPUTE_RATE_LEVELS needs watch, act and network.")
DISPUTE_RATE_FEWEST = _at_least_one("DISPUTE_RATE_FEWEST", 3)
