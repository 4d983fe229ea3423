"""Watches about refunds that are more than usual, for one seller or one buyer (monitoring/arithmetic.py says how)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from monitoring.arithmetic import Finding, Past, Scale, judge
from monitoring.counting import BUYER, SELLER, Counts, count, refunded_a_day, refunded_before
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, computed


def scale() -> Scale:
    """How strict the settings are."""
    limits = settings.ALERTS
    return Scale(limits["refund_weight"], limits["refund_sigmas"], limits["refund_minimum"])


def _rates(party: tuple[str, str]) -> Iterator[Problem]:
    """Of the orders paid in the window, more were refunded than usual. New orders have had less time to be refunded
    than those of the history: what is odd already is odd all the more.
    """
    found, spans = count(party)
    usual = refunded_before(found)
    for one in found:
        past = Past(one.refunded_before, one.orders_before)
        finding = judge(Past(one.refunded, one.orders), past, usual, scale())
        if finding.odd:
            yield _problem(one, finding, spans.window, settings.ALERTS["refund_window_days"])


def _paces(party: tuple[str, str]) -> Iterator[Problem]:
    """In the last hours more orders were refunded than usual in that time, whenever they were paid."""
    found, spans = count(party)
    usual = refunded_a_day(found, spans)
    hours = settings.ALERTS["refund_pace_hours"]
    for one in found:
        past = Past(one.earlier, spans.days_traded(one))
        finding = judge(Past(one.lately, max(1, hours // 24)), past, usual, scale())
        if finding.odd:
            yield _problem(one, finding, spans.pace, hours)


def _problem(one: Counts, finding: Finding, since: datetime, span: int) -> Problem:
    # Sums of several currencies are not one amount.
    currency, amount = next(iter(one.amounts.items())) if len(one.amounts) == 1 else ("", None)
    facts = {"who": one.name, "span": span, "arithmetic": finding.facts()}
    return Problem(str(one.key), since, facts, currency, amount)


def _rate_what(sentence: Callable[[], str]) -> Callable[[Alert, User | None], str]:
    def say(alert: Alert, reader: User | None) -> str:
        return sentence() % {"who": alert.facts["who"]}

    return say


def _rate_about(alert: Alert) -> str:
    numbers = alert.facts["arithmetic"]
    days = int(alert.facts["span"])
    sentence = ngettext(
        "%(count)d refunded of %(units)d orders in %(days)d day; usual are %(expected)s",
        "%(count)d refunded of %(units)d orders in %(days)d days; usual are %(expected)s",
        days,
    )
    return sentence % {**numbers, "days": days, "expected": shown(numbers["expected"])}


def _pace_about(alert: Alert) -> str:
    numbers = alert.facts["arithmetic"]
    hours = int(alert.facts["span"])
    sentence = ngettext(
        "%(count)d orders refunded in %(hours)d hour; usual are %(expected)s",
        "%(count)d orders refunded in %(hours)d hours; usual are %(expected)s",
        hours,
    )
    return sentence % {**numbers, "hours": hours, "expected": shown(numbers["expected"])}


def shown(hundredths: int) -> str:
    """Hundredths as people read them."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def arithmetic(alert: Alert) -> list[tuple[str, str]]:
    """The sum behind a finding, line by line; nothing for other kinds."""
    numbers = alert.facts.get("arithmetic")
    if not numbers:
        return []
    unit = _("days") if alert.kind in (Kind.SELLER_PACE, Kind.BUYER_PACE) else _("orders")
    per = {**numbers, "unit": unit, "expected": shown(numbers["expected"]), "limit": shown(numbers["limit"])}
    return [
        (_("Counted now"), _("%(count)d in %(units)d %(unit)s") % per),
        (_("Their own history"), _("%(past_count)d in %(past_units)d %(unit)s") % per),
        (_("Everybody’s history"), _("%(all_count)d in %(all_units)d %(unit)s") % per),
        (
            _("Usual"),
            _(
                "%(units)d × (%(past_count)d + %(weight)d × %(all_count)d ÷ %(all_units)d)"
                " ÷ (%(past_units)d + %(weight)d) = %(expected)s"
            )
            % per,
        ),
        (
            _("Worth a look from"),
            _("more than %(expected)s + %(sigmas)d × √%(expected)s, and %(minimum)d at least: %(limit)s") % per,
        ),
    ]


def _seller(alert: Alert) -> str:
    return reverse("admin:payments_refund_changelist") + "?" + urlencode({"q": f'"{alert.facts["who"]}"'})


def _buyer(alert: Alert) -> str:
    return reverse("admin:payments_refund_changelist") + "?" + urlencode({"q": alert.facts["who"]})


def _watch(
    kind: Kind, look: Callable[[], Iterator[Problem]], sentence: Callable[[], str], link: Callable[[Alert], str]
) -> Watch:
    by_rate = kind in (Kind.SELLER_REFUNDS, Kind.BUYER_REFUNDS)
    of_seller = kind in (Kind.SELLER_REFUNDS, Kind.SELLER_PACE)
    remedy = gettext_lazy("Read why, talk to the seller, and hold their money back if it may not be theirs.")
    if not of_seller:
        remedy = gettext_lazy(
            "Read why. Somebody who sends back all they buy, or never receives it, may not be honest."
        )
    return Watch(
        kind=kind,
        permission="payments.view_refund",
        find=computed(look),
        what=_rate_what(sentence),
        about=_rate_about if by_rate else _pace_about,
        link=link,
        remedy=remedy,
        seldom=True,
    )


WATCHES = [
    _watch(
        Kind.SELLER_REFUNDS,
        lambda: _rates(SELLER),
        lambda: _("More of %(who)s’s orders are refunded than usual"),
        _seller,
    ),
    _watch(Kind.SELLER_PACE, lambda: _paces(SELLER), lambda: _("Many refunds at %(who)s within hours"), _seller),
    _watch(
        Kind.BUYER_REFUNDS, lambda: _rates(BUYER), lambda: _("More of what %(who)s buys is refunded than usual"), _buyer
    ),
    _watch(Kind.BUYER_PACE, lambda: _paces(BUYER), lambda: _("Many refunds to %(who)s within hours"), _buyer),
]
