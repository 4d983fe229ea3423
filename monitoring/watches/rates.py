"""Watches about how often banks ask for money back: a level reached, or more than one's own usual."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from disputes import rates
from disputes.rates import Rate
from monitoring.arithmetic import Past, Scale, judge
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, computed

PLATFORM = "platform"
# Millionths to a hundredth of a percent.
POINT = 100
LEVELS = {
    "watch": gettext_lazy("the level to watch"),
    "act": gettext_lazy("the level to act"),
    "network": gettext_lazy("the card networks’ level"),
}


def _many() -> Iterator[Problem]:
    everybody = rates.of_platform()
    month, quarter = everybody.rolling
    yield from _judged(PLATFORM, "", month, quarter, quarter)
    for one in rates.of_sellers():
        yield from _judged(str(one.seller.pk), one.seller.name, one.last_30, one.last_90, quarter)


def _judged(subject: str, who: str, month: Rate, quarter: Rate, everybody: Rate) -> Iterator[Problem]:
    """At a level in the last 30 days, or more than in the 60 days before would lead one to expect."""
    before = Past(quarter.disputes - month.disputes, quarter.sales - month.sales)
    scale = Scale(settings.ALERTS["refund_weight"], settings.ALERTS["refund_sigmas"], settings.DISPUTE_RATE_FEWEST)
    usual = Past(everybody.disputes, everybody.sales)
    finding = judge(Past(month.disputes, month.sales), before, usual, scale)
    if not (month.level or finding.odd):
        return
    facts: dict[str, Any] = {
        "who": who,
        "level": month.level,
        "rate": month.rate,
        "rising": finding.odd,
        "arithmetic": finding.facts(),
    }
    yield Problem(subject, month.window.start, facts)


def _what(alert: Alert, reader: User | None) -> str:
    if alert.subject == PLATFORM:
        return _("Bring the marketplace’s disputes down") if alert.facts["level"] else _("See why disputes are rising")
    if alert.facts["level"]:
        return _("Bring disputes at %(who)s down") % {"who": alert.facts["who"]}
    return _("See why disputes at %(who)s are rising") % {"who": alert.facts["who"]}


def _about(alert: Alert) -> str:
    numbers = alert.facts["arithmetic"]
    counted: str = _("%(count)d of %(units)d sales in 30 days") % numbers
    if alert.facts["rate"] is not None:
        counted = f"{counted} ({percent(alert.facts['rate'])})"
    level = LEVELS.get(alert.facts["level"])
    if level is None:
        return counted
    limit = percent(settings.DISPUTE_RATE_LEVELS[alert.facts["level"]] * POINT)
    return _("%(counted)s: %(level)s is %(limit)s") % {"counted": counted, "level": level, "limit": limit}


def percent(millionths: int) -> str:
    """With two decimals, rounded down, in the reader's way of writing."""
    number = number_format(Decimal(millionths // POINT).scaleb(-2), decimal_pos=2)
    return _("%(number)s %%") % {"number": number}


def _link(alert: Alert) -> str:
    disputes = reverse("admin:payments_dispute_changelist")
    return disputes if alert.subject == PLATFORM else f"{disputes}?{urlencode({'q': '"' + alert.facts['who'] + '"'})}"


WATCHES = [
    Watch(
        kind=Kind.DISPUTE_RATE,
        permission="payments.view_dispute",
        find=computed(_many),
        what=_what,
        about=_about,
        link=_link,
        remedy=gettext_lazy(
            "Read the reasons. Refunding early fraud warnings and answering complaints sooner brings the rate down;"
            " winning a dispute does not."
        ),
        seldom=True,
    )
]
