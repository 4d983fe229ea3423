"""What ever happened to a share, in one question: for most orders nothing did, and nothing more has to be read."""

from dataclasses import dataclass

from django.db import connection

from payments.models import Share

ASK = """
    SELECT EXISTS (SELECT FROM payments_hold WHERE share_id = %(share)s AND ended_at IS NULL),
        EXISTS (SELECT FROM payments_refund WHERE share_id = %(share)s),
        EXISTS (SELECT FROM payments_refund WHERE share_id = %(share)s AND status = 'planned'),
        EXISTS (SELECT FROM payments_refund WHERE share_id = %(share)s AND undecided),
        EXISTS (SELECT FROM payments_release WHERE share_id = %(share)s),
        EXISTS (SELECT FROM payments_release WHERE share_id = %(share)s AND status = 'planned'),
        EXISTS (SELECT FROM payments_disputeshare WHERE share_id = %(share)s),
        EXISTS (SELECT FROM payments_dispute WHERE payment_id = %(payment)s),
        EXISTS (SELECT FROM payments_milestoneagreement WHERE share_id = %(share)s AND status = 'agreed')
"""


@dataclass(frozen=True, slots=True)
class Traces:
    """Whether there is anything of the kind at all, and whether some of it is not finished."""

    hold: bool
    refund: bool
    refund_under_way: bool
    undecided: bool
    release: bool
    release_under_way: bool
    dispute_part: bool
    dispute: bool
    agreement: bool


def of(share: Share) -> Traces:
    """What there is of a share. As true as the caller's lock on it makes any other reading."""
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"share": share.pk, "payment": share.payment_id})
        return Traces(*cursor.fetchone())
