"""Whose a problem is: whoever has the duty for its kind, else whoever has it for everything, else all superusers."""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from monitoring.models import Alert, Duty
from monitoring.watches import BY_KIND


def owners() -> dict[str, User | None]:
    """The owner of each kind, in one query or two. Nobody where no duty is given, or to somebody who left."""
    able = Duty.objects.filter(user__is_active=True, user__is_staff=True).select_related("user")
    given = {duty.kind: duty.user for duty in able}
    return {kind: given.get(kind) or given.get("") for kind in BY_KIND}


def fallback() -> QuerySet[User]:
    """Whose everything is that nobody else answers for, and who hear of what stays open for long."""
    return User.objects.filter(is_superuser=True, is_staff=True, is_active=True).order_by("pk")


def may_own(user: User, kinds: Iterable[str]) -> bool:
    """Whether somebody could act on these kinds: an owner who cannot open the place to act is none."""
    if not (user.is_active and user.is_staff):
        return False
    return all(user.has_perm(BY_KIND[kind].permission) for kind in kinds)


def hand_over() -> int:
    """Give problems of people who left to whoever has the duty now; how many changed hands."""
    left = Alert.objects.filter(status__in=Alert.LIVE, owner__isnull=False).exclude(
        owner__is_active=True, owner__is_staff=True
    )
    given = owners() if left.exists() else {}
    return sum(
        Alert.objects.filter(pk=alert.pk, owner=alert.owner_id).update(owner=given[alert.kind], told_at=None)
        for alert in left
    )
