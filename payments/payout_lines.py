"""What a payout is made of, written down as Stripe says it, and found again among our releases and reversals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.payout_objects import PayoutLine as Found
from payments.models import Payout, PayoutLine, Release, Reversal

Kind = PayoutLine.Kind
RETURNED = (Payout.Status.FAILED, Payout.Status.CANCELED)
CAME_BACK = (Kind.CAME_BACK, Kind.CALLED_OFF)


def keep(payout: Payout, lines: Sequence[Found]) -> None:
    """Write the lines down, each once, in the transaction that holds the payout's lock."""
    releases = _releases(lines)
    reversals = {
        str(one.stripe_id): one
        for one in Reversal.objects.filter(stripe_id__in=[line.reversal for line in lines if line.reversal])
    }
    rows = [
        PayoutLine(
            payout=payout,
            stripe_id=line.id,
            kind=line.kind,
            source=line.source,
            amount=line.amount,
            fee=line.fee,
            net=line.net,
            at=line.at,
            release=releases.get(line.source),
            reversal=reversals.get(line.reversal),
        )
        for line in lines
    ]
    # Two events of one payout bring the same lines: the unique ids keep each of them once.
    PayoutLine.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    # One that came before we had written down its release is told whose it is now.
    for line in PayoutLine.objects.filter(payout=payout, release=None, source__in=list(releases)):
        PayoutLine.objects.filter(pk=line.pk).update(release=releases[line.source])


def carry(payout: Payout) -> None:
    """Say which payout takes each release to the bank now: also those of an earlier one that came back and went into
    this one.
    """
    account, waiting, seen = payout.connected_account_id, {payout.pk}, set[int]()
    while waiting:
        seen |= waiting
        Release.objects.filter(payout_lines__payout__in=waiting, share__account=account).update(payout=payout)
        sources = PayoutLine.objects.filter(payout__in=waiting, kind__in=CAME_BACK).values("source")
        returned = Payout.objects.filter(stripe_id__in=sources, connected_account=account)
        waiting = set(returned.values_list("pk", flat=True)) - seen


def next_of(payout: Payout) -> Payout | None:
    """The payout that takes along what this one brought back, also by way of others that came back; None while it waits
    in the balance.
    """
    passed, found = {payout.pk}, _taken_by(payout)
    while found is not None and found.status in RETURNED and found.pk not in passed:
        passed.add(found.pk)
        found = _taken_by(found)
    return found if found is not None and found.status not in RETURNED else None


def _taken_by(payout: Payout) -> Payout | None:
    lines = PayoutLine.objects.filter(kind__in=CAME_BACK, source=payout.stripe_id)
    line = lines.filter(payout__connected_account=payout.connected_account_id).select_related("payout").first()
    return line.payout if line is not None else None


def _releases(lines: Iterable[Found]) -> dict[str, Release]:
    payments = [line.source for line in lines if line.kind == Kind.SALE]
    return {one.destination_payment: one for one in Release.objects.filter(destination_payment__in=payments)}
