"""The terms of buying and the refund policy: which versions count, how a new one is published, what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kit.clock import now
from orders.models import Terms


@dataclass(frozen=True, slots=True)
class Shown:
    """The versions a buyer has in front of them; None where nothing is published."""

    terms: Terms | None = None
    refund_policy: Terms | None = None

    @property
    def mark(self) -> str:
        """Names both versions: the checkout page sends it along, so that nobody accepts words they did not see."""
        return "-".join(str(one.version) if one is not None else "0" for one in (self.terms, self.refund_policy))

    def __bool__(self) -> bool:
        return self.terms is not None or self.refund_policy is not None


def current(kind: str) -> Terms | None:
    """The version that counts now: the highest one published."""
    return Terms.objects.filter(kind=kind).exclude(published_at=None).order_by("-version").first()


def shown() -> Shown:
    """What somebody who orders now accepts."""
    return Shown(current(Terms.Kind.TERMS), current(Terms.Kind.REFUNDS))


def publish(draft: Terms, *, at: datetime | None = None) -> None:
    """Publish a drafted version: whoever orders from now on accepts it."""
    Terms.objects.filter(pk=draft.pk, published_at=None).update(published_at=at or now())
    draft.refresh_from_db()
