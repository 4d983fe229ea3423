"""Small pieces of text every page shares: amounts, times, status pills, icons."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from kit.clock import now
from kit.icons import PATHS
from kit.money import Money, allocate, format_money
from kit.recorded import for_the_reader

register = template.Library()

PILLS = frozenset({"waiting", "moving", "done", "needs-you", "problem"})
MINUTE, HOUR = 60, 3600
# Marks in a user agent, the telling ones first: Edge also calls itself Chrome, Chrome also Safari.
BROWSERS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
# Where an amount can be; the pills' families are for amounts that have no other place.
PARTS = frozenset({"held", "arriving", "available", "on-its-way", "paid", "fees", "refunded", "disputed"}) | PILLS
# The money bar is drawn on a grid this wide, because strict CSP allows no inline widths.
BAR_UNITS = 1000


@register.simple_tag
def money(amount: int | Money, currency: str = "") -> SafeString:
    """`{% money 2400 "eur" %}` or `{% money order.money %}`: minor units as people read them, with the currency."""
    value = amount if isinstance(amount, Money) else Money(amount, currency)
    return format_html('<span class="money">{}</span>', format_money(value.amount, value.currency))


@register.simple_tag
def when(moment: datetime | date | None) -> SafeString:
    """`{% when order.paid_at %}`: how people say it, with the exact time in the title. Nothing for None."""
    if moment is None:
        return mark_safe("")
    if not isinstance(moment, datetime):
        exact = date_format(moment, pgettext("exact date", "l, j F Y"))
        return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, day_in_words(moment))
    local = timezone.localtime(moment)
    exact = date_format(local, pgettext("exact time", "j F Y, H:i:s T"))
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), exact, time_in_words(moment))


@register.simple_tag
def deadline(moment: datetime) -> SafeString:
    """A day and time with its zone: the profile's, as in the sentences and letters that name the same moment."""
    local = timezone.localtime(moment)
    shown = date_format(local, pgettext("deadline", "j F Y, H:i T"))
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), shown)


def time_in_words(moment: datetime) -> str:
    """A moment as people say it: minutes when it is near, then days, then the date."""
    seconds = (moment - now()).total_seconds()
    if abs(seconds) < MINUTE:
        return _("just now") if seconds <= 0 else _("in a moment")
    minutes = round(abs(seconds) / MINUTE)
    if abs(seconds) < HOUR:
        if seconds < 0:
            return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
        return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
    local = timezone.localtime(moment)
    day = day_in_words(local.date())
    if abs((local.date() - _today()).days) <= 1:
        return _("%(day)s at %(time)s") % {"day": day, "time": date_format(local, pgettext("time of day", "H:i"))}
    return day


def day_in_words(day: date) -> str:
    """A day as people say it: yesterday, in 3 days, 14 June, 14 June 2024."""
    days = (day - _today()).days
    near = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}
    if days in near:
        return near[days]
    if 1 < days < 7:
        return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
    if -7 < days < -1:
        return ngettext("%(n)d day ago", "%(n)d days ago", -days) % {"n": -days}
    same_year = day.year == _today().year
    return date_format(day, pgettext("day and month", "j F") if same_year else pgettext("full date", "j F Y"))


def _today() -> date:
    return timezone.localtime(now()).date()


@register.simple_tag
def pill(kind: str, label: str) -> SafeString:
    """`{% pill "done" order.get_status_display %}`. Raises ValueError for a kind without a colour."""
    if kind not in PILLS:
        raise ValueError(f"There is no pill {kind!r}; use one of {', '.join(sorted(PILLS))}.")
    return format_html('<span class="pill pill--{}">{}</span>', kind, label)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """`{% icon "basket" %}`, or with size "small" or "large". Decoration only: the words stand beside it."""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d="{}"/></svg>',
        f" icon--{size}" if size else "",
        PATHS[name],
    )


@register.filter
def device(user_agent: str) -> str:
    """A browser's user agent as people say it: "Firefox on Windows". A hint for a person, not a fact to decide by."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown device")


@register.filter
def recorded(sentence: str) -> str:
    """A sentence a row keeps (`kit.recorded`), in the reader's language."""
    return for_the_reader(sentence)


@register.inclusion_tag("components/money_bar.html")
def money_bar(parts: Iterable[tuple[str, str, Money]], title: str = "") -> Mapping[str, Any]:
    """`{% money_bar parts %}` with parts of (kind, label, Money): where an amount is, a bar over a table that adds up.

    Kinds are those of PARTS. Amounts are of one currency and not negative; those of nothing are left out. With `title`
    as the table's caption. Raises ValueError for a kind without a colour and for amounts of several currencies.
    """
    shown = [(kind, label, value) for kind, label, value in parts if value.amount]
    if strange := {kind for kind, _label, _value in shown} - PARTS:
        raise ValueError(
            f"The money bar has no part {', '.join(sorted(strange))}; use one of {', '.join(sorted(PARTS))}."
        )
    if len({value.currency for _kind, _label, value in shown}) > 1:
        raise ValueError("A money bar shows one currency; draw one for each.")
    widths = allocate(BAR_UNITS, [value.amount for _kind, _label, value in shown]) if shown else []
    starts = [sum(widths[:index]) for index in range(len(widths))]
    rows = [
        {"kind": kind, "label": label, "money": value, "x": x, "width": width}
        for (kind, label, value), x, width in zip(shown, starts, widths, strict=True)
    ]
    total = Money(sum(value.amount for _kind, _label, value in shown), shown[0][2].currency) if len(shown) > 1 else None
    return {"title": title, "rows": rows, "units": BAR_UNITS, "total": total}


@register.simple_tag
def errors_of(form: BaseForm) -> SafeString:
    """The form's errors as list items in the order of its fields, each linked to its own."""
    places = {name: place for place, name in enumerate(form.fields)}
    names = sorted(form.errors, key=lambda name: places.get(name, -1))
    rows = ((name, problem) for name in names for problem in form.errors[name])
    return format_html_join("", "<li>{}</li>", ((_error_link(form, name, str(problem)),) for name, problem in rows))


def _error_link(form: BaseForm, name: str, problem: str) -> SafeString | str:
    if name not in form.fields:
        return problem
    field = form[name]
    # A label that asks needs no colon.
    label = str(field.label) if str(field.label).endswith("?") else f"{field.label}:"
    return format_html('<a href="#{}">{} {}</a>', _control_id(field), label, problem)


def _control_id(field: BoundField) -> str:
    """The id of the control to jump to; for radio buttons and check boxes that belong together, the first of them."""
    return field.id_for_label or f"{field.auto_id}_0"
