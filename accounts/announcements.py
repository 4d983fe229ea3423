"""Mail to the owners of a shop."""

from __future__ import annotations

from datetime import datetime

from accounts.models import ConnectedAccount, Membership, Seller, User
from accounts.requirements import waiting_for_seller
from kit import mail

Capability = ConnectedAccount.Capability

# Before these nothing was promised, so falling short of "active" is no news: the seller is just on the way.
_NO_NEWS = frozenset({Capability.UNREQUESTED.value, Capability.RESTRICTED.value})


def owners_of(seller: Seller) -> list[User]:
    """The people who own the shop, the first one first."""
    owners = Membership.objects.filter(seller=seller, role=Membership.Role.OWNER).select_related("user").order_by("pk")
    return [membership.user for membership in owners]


@mail.letter
def transfers_changed(account: ConnectedAccount, *, before: str, at: datetime) -> None:
    """Tell the owners that they can be paid now, or not any more; in the transaction that notes it, once per change."""
    template = _template(before, account.transfers)
    if template is None:
        return
    for owner in owners_of(account.seller):
        mail.write(
            key=f"transfers-{account.transfers}:{account.pk}:{owner.pk}:{at.isoformat()}",
            to=owner.email,
            language=owner.language,
            template=template,
            context={
                "seller": account.seller,
                "name": owner.get_short_name(),
                "dues": waiting_for_seller(account.requirements),
            },
        )


def _template(before: str, after: str) -> str | None:
    if before == after:
        return None
    if after == Capability.ACTIVE:
        return "seller_can_be_paid"
    if after in (Capability.REJECTED, Capability.UNSUPPORTED):
        return "seller_refused"
    if after == Capability.RESTRICTED and before not in _NO_NEWS:
        return "seller_needs_information"
    return None
