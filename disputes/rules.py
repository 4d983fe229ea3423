"""Rules that act by themselves: what they say, who changed them and why, and what they are about to do.

rules.rule(Kind.CONCEDE)                  # as it is now; off until somebody switches it on
rules.change(rule, Change(...), by=user)  # one more version; raises Outdated when somebody else was faster
rules.notice(dispute)                     # what will be done about it by itself, or None
rules.stop(act, by=user, why="…")         # anybody of staff; raises TooLate
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from disputes.models import Act, FraudWarning, Rule, RuleVersion
from kit.clock import now
from kit.transitions import IllegalMove, LostRace, move
from payments.models import Dispute

Kind, Mode = Rule.Kind, Rule.Mode

# What a rule says until somebody changes it: nothing is done by itself.
HOURS = {Kind.FILE: 24, Kind.CONCEDE: 24, Kind.WARNING: 1}
LIMITS: Mapping[str, Mapping[str, int]] = {
    Kind.FILE: {},
    Kind.CONCEDE: {"eur": 1500, "usd": 1500, "gbp": 1200, "jpy": 2000},
    Kind.WARNING: {"eur": 20000, "usd": 20000, "gbp": 16000, "jpy": 30000},
}


class Outdated(Exception):
    """Somebody else changed the rule meanwhile: what was seen is not what it says."""


class TooLate(Exception):
    """It is being done, was done, or was stopped already."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a rule is to say from now on. `seen` is the version whoever changes it looked at."""

    mode: str
    hours: int
    limits: Mapping[str, int]
    why: str
    seen: int


def rule(kind: str) -> Rule:
    """The rule as it is now. Written down with what it says by itself when it is asked for the first time."""
    found, is_new = Rule.objects.get_or_create(
        kind=kind, defaults={"hours": HOURS[Kind(kind)], "limits": dict(LIMITS[Kind(kind)])}
    )
    if is_new:
        RuleVersion.objects.create(
            rule=found, mode=found.mode, hours=found.hours, limits=found.limits, at=now(), why="As it came."
        )
    return found


def every_rule() -> list[Rule]:
    """All of them, in their order."""
    return [rule(kind) for kind in Kind.values]


def change(changed: Rule, to: Change, *, by: User) -> Rule:
    """Let the rule say something else from now on, kept as a version. Raises Outdated.

    What is under way by the version before is judged anew by this one when its time comes.
    """
    with transaction.atomic():
        # Locked: of two who change it at once, the second sees that it is not what they looked at.
        locked = Rule.objects.select_for_update().get(pk=changed.pk)
        if locked.version != to.seen:
            raise Outdated(_("Somebody else changed it meanwhile. Look at what it says now."))
        locked.mode, locked.hours, locked.limits = to.mode, to.hours, dict(to.limits)
        locked.version += 1
        locked.save()
        RuleVersion.objects.create(
            rule=locked,
            mode=to.mode,
            hours=to.hours,
            limits=dict(to.limits),
            version=locked.version,
            user=by,
            at=now(),
            why=to.why,
        )
    return locked


def notice(subject: Dispute | FraudWarning) -> Act | None:
    """What will be done about a dispute or warning by itself, and when; None if nothing will."""
    found: Act | None = subject.acts.filter(status__in=Act.LIVE).select_related("rule").first()
    return found


def stop(act: Act, *, by: User, why: str) -> None:
    """Somebody does not want it done: it is left to people. Raises TooLate."""
    try:
        move(act, Act.Status.STOPPED, actor=by.email, reason=why, stopped_by=by, ended_at=now(), result=why)
    except (LostRace, IllegalMove) as error:
        raise TooLate(_("It is done already, or somebody else stopped it.")) from error


def is_spent(spent: Rule, subject: Dispute | FraudWarning) -> bool:
    """Whether this rule has nothing more to say here: somebody stopped it, or what it says now was refused already."""
    stopped = Q(status=Act.Status.STOPPED)
    refused = Q(status=Act.Status.FAILED, version=spent.version)
    return subject.acts.filter(stopped | refused, rule=spent).exists()
