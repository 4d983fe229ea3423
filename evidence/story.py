"""The words for each text field of the bank's form, from our own rows. They are addressed to the bank: no other reader
knows nothing of this marketplace.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from catalog.models import Listing
from evidence.models import Field
from evidence.sources import Sources, day, marketplace, moment
from orders.models import Download, Order
from payments.models import Payment

# Stripe's limits (docs.stripe.com/api/disputes): of the whole, and of each of the long fields.
MOST_TEXT = 150_000
MOST_IN_FIELD = 20_000


def texts(found: Sources) -> dict[str, str]:
    """Field to words; only fields about which we know something, each within its limit."""
    if found.purchase is None or found.payment is None:
        return {}
    written = {
        Field.CUSTOMER_NAME: found.buyer_name,
        Field.CUSTOMER_EMAIL_ADDRESS: found.email,
        Field.CUSTOMER_PURCHASE_IP: found.ip,
        Field.SHIPPING_ADDRESS: ", ".join(found.purchase.address_lines),
        Field.PRODUCT_DESCRIPTION: _products(found),
        Field.SHIPPING_CARRIER: _joined(order.carrier for order in found.sent),
        Field.SHIPPING_TRACKING_NUMBER: _joined(order.tracking_number for order in found.sent),
        Field.SHIPPING_DATE: _joined(day(order.fulfilled_at) for order in found.sent if order.fulfilled_at),
        Field.SERVICE_DATE: _joined(day(order.fulfilled_at) for order in found.handed_over if order.fulfilled_at),
        Field.ACCESS_ACTIVITY_LOG: _use(found),
        Field.REFUND_POLICY_DISCLOSURE: _policy_shown(found),
        Field.UNCATEGORIZED_TEXT: letter(found),
    }
    if found.dispute.reason == "duplicate" and found.twin is not None:
        written |= _twin(found, found.twin)
    return {str(name): shortened(text, MOST_IN_FIELD) for name, text in written.items() if text}


def shortened(text: str, most: int) -> str:
    """The text within `most` characters, saying how much was left out: never silently."""
    if len(text) <= most:
        return text
    # The sentence itself takes room, and the number in it as much as it takes.
    notice = _("\n[Shortened here: %(count)d more characters are left out to keep to the limit of this form.]")
    room = max(0, most - len(notice % {"count": len(text)}))
    return text[:room] + notice % {"count": len(text) - room}


def letter(found: Sources) -> str:
    """What happened, for somebody at the bank who has never heard of us."""
    parts = [
        _opening(found),
        _section(_("WHAT WAS BOUGHT"), _bought(found)),
        _section(_("WHAT HAPPENED"), _told(found)),
    ]
    parts += [_section(_("REFUNDS"), _refunds(found)), _section(_("EARLIER ORDERS OF THE SAME BUYER"), _earlier(found))]
    return "\n\n".join(part for part in parts if part)


def _opening(found: Sources) -> str:
    dispute, payment = found.dispute, found.payment
    assert payment is not None  # noqa: S101 - `texts` asked before
    sellers = _joined(order.seller.name for order in found.orders)
    words = {
        "market": marketplace(),
        "sellers": sellers,
        "amount": dispute.money,
        "paid": payment.money,
        "day": day(payment.paid_at or payment.created_at),
        "charge": dispute.charge_id,
        "reason": dispute.reason.replace("_", " "),
        "code": f" ({dispute.network_reason_code})" if dispute.network_reason_code else "",
    }
    return (
        _(
            "To the cardholder's bank. %(market)s is a marketplace. %(sellers)s sold what is described below, "
            "and the cardholder paid for it through us: %(paid)s on %(day)s (payment %(charge)s). %(amount)s of it are "
            "disputed as: %(reason)s%(code)s. This is what our records say."
        )
        % words
    )


def _section(title: str, lines: Iterator[str]) -> str:
    found = list(lines)
    return "\n".join([title, *found]) if found else ""


def _bought(found: Sources) -> Iterator[str]:
    for order in found.orders:
        for line in order.lines.all():
            words = {"order": order.number, "seller": order.seller.name, "line": line, "amount": line.money}
            yield _("Order %(order)s of %(seller)s: %(line)s, %(amount)s") % words


def _told(found: Sources) -> Iterator[str]:
    for at, what in found.timeline():
        yield f"{moment(at)}  {what}"


def _refunds(found: Sources) -> Iterator[str]:
    if not found.refunded or found.payment is None:
        return
    yield _("%(amount)s went back to the buyer, or are on their way.") % {"amount": found.refunded}
    if found.refunded < found.payment.money:
        yield _("The rest was not refunded.")


def _earlier(found: Sources) -> Iterator[str]:
    for payment in found.earlier:
        words = {
            "day": day(payment.paid_at or payment.created_at),
            "number": payment.purchase.number,
            "amount": payment.money,
        }
        disputed = payment.disputes.all()
        if disputed:
            yield _("%(day)s, order %(number)s, %(amount)s: disputed as well.") % words
        elif all(share.order.delivered_at for share in payment.shares.all()):
            yield _("%(day)s, order %(number)s, %(amount)s: delivered and never disputed.") % words
        else:
            yield _("%(day)s, order %(number)s, %(amount)s: never disputed.") % words


def _products(found: Sources) -> str:
    """As it was shown to the buyer, if that was kept; else by the title it had."""
    if found.facts is not None and found.facts.bought:
        return "\n\n".join(_as_shown(one) for one in found.facts.bought)
    return "\n".join(str(line) for order in found.orders for line in order.lines.all())


def _as_shown(one: dict[str, object]) -> str:
    way = Listing.Delivery(str(one["delivery"])).label
    words = {"count": one["quantity"], "title": one["title"], "seller": one["seller"], "way": way}
    head = _("%(count)s × %(title)s, sold by %(seller)s. %(way)s.") % words
    described = str(one["description"]).strip()
    return f"{head}\n{_('As described to the buyer:')} {described}" if described else head


def _use(found: Sources) -> str:
    lines = []
    for order in found.handed_over:
        if not any(line.delivery == Listing.Delivery.DIGITAL for line in order.lines.all()):
            continue
        told = sorted([*_given(order), *_downloaded(order)], key=lambda one: one[0])
        lines += [f"{moment(at)}  {what}" for at, what in told]
    return "\n".join(lines)


def _given(order: Order) -> list[tuple[datetime, str]]:
    words = {"order": order.number, "seller": order.seller.name, "who": order.get_delivered_by_display()}
    given = [
        (order.fulfilled_at, _("%(seller)s made order %(order)s available to the buyer.") % words),
        (order.delivered_at, _("Order %(order)s was received, said %(who)s.") % words),
    ]
    return [(at, what) for at, what in given if at is not None]


def _downloaded(order: Order) -> Iterator[tuple[datetime, str]]:
    """Each time the buyer took a file, and from where, as long as that is kept."""
    taken = Download.objects.filter(line__order=order).select_related("file").order_by("at", "pk")
    for one in taken:
        words = {"file": one.file.name, "size": one.file.size, "ip": one.ip}
        if one.ip:
            yield one.at, _("The buyer downloaded %(file)s (%(size)d bytes) from the address %(ip)s.") % words
        else:
            yield one.at, _("The buyer downloaded %(file)s (%(size)d bytes).") % words


def _policy_shown(found: Sources) -> str:
    facts = found.facts
    if facts is None or found.purchase is None or facts.refund_policy is None:
        return ""
    words = {
        "policy": facts.refund_policy,
        "terms": facts.terms or _("the terms"),
        "at": moment(found.purchase.placed_at),
        "digest": facts.refund_policy_digest,
    }
    return (
        _(
            "The checkout page showed the refund policy, %(policy)s, and %(terms)s, with a link to the full words, "
            "by the button that places the order. The buyer accepted both by placing the order on %(at)s. The words of "
            "that version have not changed since (SHA-256 %(digest)s)."
        )
        % words
    )


def _twin(found: Sources, twin: Payment) -> dict[Field, str]:
    assert found.payment is not None  # noqa: S101 - `texts` asked before
    numbers = _joined(order.number for order in found.orders)
    others = _joined(share.order.number for share in twin.shares.all())
    words = {
        "one": numbers,
        "other": others,
        "day": day(found.payment.paid_at or found.payment.created_at),
        "other_day": day(twin.paid_at or twin.created_at),
        "amount": found.payment.money,
        "charge": twin.charge_id,
    }
    told = _(
        "These are two purchases: order %(one)s, paid on %(day)s, and order %(other)s, paid on %(other_day)s "
        "(%(charge)s), each of %(amount)s. The cardholder placed both, and each was carried out by itself."
    )
    return {Field.DUPLICATE_CHARGE_ID: str(twin.charge_id or ""), Field.DUPLICATE_CHARGE_EXPLANATION: told % words}


def _joined(parts: Iterator[str]) -> str:
    return ", ".join(dict.fromkeys(part for part in parts if part))
