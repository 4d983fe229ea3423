"""Where the money of one order is, for the money bar: parts that always add up to what the buyer paid.

Amounts are minor units of the share's currency. Made from the rows of the share, its order and its disputes, without a
query where those were read along.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kit.money import Money
from payments import buyer_words
from payments.models import Share

Bar = list[tuple[str, str, Money]]


@dataclass(frozen=True, slots=True)
class Places:
    """The buyer's payment, each cent in one place. Their sum is the share's `gross`."""

    held: int
    seller: int
    fee: int
    refunded: int
    disputed: int


def places(share: Share) -> Places:
    """Where each cent is. What went back to the buyer goes first; the fee comes out of the rest, then what is held."""
    refunded = min(share.refunded, share.gross)
    disputed = min(share.disputed, share.gross - refunded)
    rest = share.gross - refunded - disputed
    fee = min(max(share.fee - share.fee_returned, 0), rest)
    held = min(max(share.left, 0), rest - fee)
    return Places(held=held, seller=rest - fee - held, fee=fee, refunded=refunded, disputed=disputed)


def for_buyer(share: Share) -> Bar:
    """Fees are the seller's business: the buyer's money is held, with the shop, or back."""
    place = places(share)
    # The fee is earned with the release: as long as all of the seller's part is held, so is the fee.
    fee_held = place.fee if place.held and not place.seller else 0
    return [
        ("held", buyer_words.held_label(share), share.money(place.held + fee_held)),
        ("paid", _("With the shop"), share.money(place.seller + place.fee - fee_held)),
        ("refunded", _("Back to you"), share.money(place.refunded)),
        _at_buyers_bank(share, place),
    ]


def _at_buyers_bank(share: Share, place: Places) -> tuple[str, str, Money]:
    """What the buyer's bank asks back, or has given back once it decided."""
    if place.disputed and share.pk and all(part.ended_at for part in share.disputes.all()):
        return "refunded", _("Given back by your bank"), share.money(place.disputed)
    return "disputed", _("With your bank"), share.money(place.disputed)


def for_seller(share: Share) -> Bar:
    """With the fee, which is the seller's cost."""
    place = places(share)
    return [
        ("held", _("Held until delivery"), share.money(place.held)),
        ("paid", _("Yours"), share.money(place.seller)),
        ("refunded", _("Back to the buyer"), share.money(place.refunded)),
        ("disputed", _("At the buyer’s bank"), share.money(place.disputed)),
        ("fees", _("Platform fee"), share.money(place.fee)),
    ]


def for_staff(share: Share) -> Bar:
    """The same in the words of the platform."""
    place = places(share)
    return [
        ("held", _("Held for the seller"), share.money(place.held)),
        ("paid", _("Released to the seller"), share.money(place.seller)),
        ("refunded", _("Refunded to the buyer"), share.money(place.refunded)),
        ("disputed", _("At the buyer’s bank"), share.money(place.disputed)),
        ("fees", _("Our fee"), share.money(place.fee)),
    ]
