"""What each milestone comes to, and that each is sent once. Under the share's lock when money moves."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from kit.money import allocate, step
from payments.consequences import Refused
from payments.models import Milestone, MilestoneAgreement, Release, Share

# Percents are counted in hundredths.
WHOLE = 10_000


def by_percent(money: int, hundredths: Sequence[int], *, currency: str) -> list[int]:
    """Parts of `money` (minor units) by hundredths of a percent that add up to 10,000: exactly all of it (largest
    remainder).
    """
    return allocate(money, hundredths, step=step(currency))


def agreed(share: Share) -> MilestoneAgreement | None:
    """The agreement by which this share is released, if there is one."""
    return share.agreements.filter(status=MilestoneAgreement.Status.AGREED).first()


def is_by_milestones() -> Exists:
    """For queries over shares: whether they are released by milestones, and not by date."""
    return Exists(MilestoneAgreement.objects.filter(share=OuterRef("pk"), status=MilestoneAgreement.Status.AGREED))


def left(agreement: MilestoneAgreement) -> QuerySet[Milestone]:
    """The milestones for which nothing was sent yet, in their order."""
    unsent = agreement.milestones.select_related("release").order_by("number")
    return unsent.filter(release=None) | unsent.filter(release__status=Release.Status.REFUSED)


def parts(agreement: MilestoneAgreement, money: int) -> dict[int, int]:
    """What each milestone that is left comes to, by its id, when `money` (minor units) is held for all of them.

    Exactly all of it: the last one takes what is left then. As long as nothing was refunded or released otherwise, that
    is what was agreed for each; refunds and the like change all that are left in proportion.
    """
    found = list(left(agreement))
    amounts = by_weight(money, [one.amount for one in found], currency=agreement.share.currency)
    return dict(zip([one.pk for one in found], amounts, strict=True))


def by_weight(money: int, agreed_amounts: Sequence[int], *, currency: str) -> list[int]:
    """`money` (minor units) over the milestones that are left, in proportion to what was agreed: exactly all of it."""
    return allocate(money, agreed_amounts, step=step(currency))


def check(share: Share, milestone_id: int, amount: int) -> None:
    """That this milestone may be released for `amount` now. Raises Refused. Under the share's lock."""
    milestone = Milestone.objects.select_related("agreement", "release").get(pk=milestone_id)
    if milestone.agreement.share_id != share.pk or milestone.agreement.status != MilestoneAgreement.Status.AGREED:
        raise Refused("milestone_over")
    if milestone.is_released:
        raise Refused("milestone_released")
    part = parts(milestone.agreement, share.left).get(milestone_id, 0)
    if amount != part:
        raise Refused("more_than_left", amount=part, field="amount")


def sent_by(milestone_id: int, release: Release) -> None:
    """Write down which release is this milestone's. Under the share's lock, with the release."""
    Milestone.objects.filter(pk=milestone_id).update(release=release)
