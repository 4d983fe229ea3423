"""Small words for the templates: money, times, statuses, card numbers, assets."""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils import formats
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emulator.money import THREE_DECIMAL, ZERO_DECIMAL
from emulator.web.views.assets import version

register = template.Library()

MINUS = "\N{MINUS SIGN}"
TONES = {
    "done": ("succeeded", "complete", "paid", "active", "available", "delivered", "verified", "won"),
    "waiting": (
        "open",
        "pending",
        "requires_action",
        "requires_payment_method",
        "requires_confirmation",
        "restricted",
        "waiting",
        "needs_response",
        "warning_needs_response",
    ),
    "moving": ("in_transit", "processing", "sending", "under_review", "warning_under_review", "appeal_under_review"),
    "problem": ("failed", "lost", "expired", "canceled", "declined", "rejected", "stopped", "unsupported"),
}
TONE_OF = {status: tone for tone, statuses in TONES.items() for status in statuses}


def money_text(amount: int, currency: str) -> str:
    """Minor units of `currency` as people read them: 123456 eur -> "1,234.56 EUR"."""
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    value = Decimal(abs(amount)).scaleb(-places)
    figure = formats.number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)
    return f"{MINUS if amount < 0 else ''}{figure} {currency.upper()}"


@register.filter
def money(amount: int, currency: str) -> SafeString:
    return format_html('<span class="money">{}</span>', money_text(amount, currency))


@register.filter
def plain_money(amount: int, currency: str) -> str:
    return money_text(amount, currency)


@register.filter
def when(epoch: int | None) -> SafeString | str:
    """A moment of the emulator's clock, exact time in the title."""
    if epoch is None:
        return "–"
    moment = dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        formats.date_format(moment, "j M Y, H:i"),
    )


@register.filter
def day(epoch: int | None) -> SafeString | str:
    if epoch is None:
        return "–"
    moment = dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        formats.date_format(moment, "j F Y"),
    )


@register.filter
def slice_year(year: int) -> str:
    """A card's year as cards print it: 2034 -> 34."""
    return f"{int(year) % 100:02d}"


@register.filter
def spaced(number: str | None) -> str:
    """A card number or an IBAN in groups of four."""
    digits = "".join((number or "").split())
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


@register.filter
def pill(status: str | None) -> SafeString | str:
    if not status:
        return ""
    return format_html('<span class="pill {}">{}</span>', TONE_OF.get(status, ""), _(status.replace("_", " ")))


@register.filter
def breakable(name: str) -> SafeString:
    """A dotted or underscored name that may break after its dots and underscores."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=[._])", name)))


@register.filter
def plain_words(name: str) -> str:
    """A code as words: could_not_process -> could not process."""
    return name.replace("_", " ")


@register.filter
def lookup(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.simple_tag
def asset(name: str) -> str:
    return f"{reverse('asset', args=[name])}?v={version(name)}"


@register.filter
def duration(seconds: int) -> str:
    """How far the clock is from the machine's, in words."""
    days, rest = divmod(abs(int(seconds)), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = [
        ngettext("%(n)s day", "%(n)s days", days) % {"n": days} if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes} if minutes else "",
    ]
    said = " ".join(part for part in parts if part) or _("less than a minute")
    return _("%(said)s ahead of this machine.") % {"said": said}


# Ids that the panel can show, inside a JSON text that is already escaped.
LINKED = re.compile(
    r"&quot;(?!\w+_secret_)((?:acct|cs|cus|pi|ch|py|pyr|tr|trr|re|fee|fr|po|txn|evt|pm|we|seti|du|issfr|tu|file|prod|price)"
    r"_[A-Za-z0-9_]+)&quot;"
)


@register.filter
def linked_json(value: Any) -> SafeString:
    """JSON as text with every id a link to its object; everything is escaped first."""
    text = escape(json.dumps(value, indent=2, ensure_ascii=False))
    linked = LINKED.sub(lambda m: f'&quot;<a href="{reverse("panel-object", args=[m[1]])}">{m[1]}</a>&quot;', text)
    return mark_safe(linked)  # noqa: S308 - escaped above; the ids hold letters, digits and _ only
