"""All watches, one for each kind."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from monitoring.models import Kind
from monitoring.watch import Watch
from monitoring.watches import decisions, disputes, money, people, rates, refunds, rules, stripe, upkeep

WATCHES: list[Watch] = [
    *disputes.WATCHES,
    *rules.WATCHES,
    *people.WATCHES,
    *decisions.WATCHES,
    *money.WATCHES,
    *rates.WATCHES,
    *refunds.WATCHES,
    *stripe.WATCHES,
    *upkeep.WATCHES,
]
BY_KIND: dict[str, Watch] = {watch.kind.value: watch for watch in WATCHES}
URGENT: frozenset[str] = frozenset(watch.kind.value for watch in WATCHES if watch.urgent)


def permitted(user: User | AnonymousUser) -> list[str]:
    """The kinds somebody may see: those whose place to act is open to them."""
    if not (user.is_active and user.is_staff):
        return []
    return [Kind(watch.kind).value for watch in WATCHES if user.has_perm(watch.permission)]
