"""Looking at Stripe before asking again, once the key can no longer be trusted (faults F17, F18; invariant I07).

Found: adopted. Certainly not there: superseded by a new generation with the same request. Not sure: a person.
"""

from datetime import datetime, timedelta

from gateway import claims, finders
from gateway.errors import NotSure, StripeRefused
from gateway.models import Operation
from kit.clock import machine_now, now
from kit.faults import faultpoint

Status = Operation.Status

# Stripe may forget a key after 24 h and would then act again; from here on it is looked up instead (fault F17).
KEY_GOOD_FOR = timedelta(hours=20)
# The newer interface keeps its keys for 30 days (docs.stripe.com/api-v2-overview).
V2_KEY_GOOD_FOR = timedelta(days=29)
# So often a saved failure may be repeated before it is believed that it will be for ever (fault F18).
MOST_REPLAYS = 3
# What was sent this recently may still be on its way, and a list that does not show it proves nothing.
STILL_ON_ITS_WAY = timedelta(minutes=2)
# So many new keys for one thing, and none of them answered: that is no accident any more.
MOST_SUPERSEDED = 5


def is_needed(operation: Operation) -> bool:
    """Whether sending it again under its key would do harm, or no good."""
    return too_old(operation, now()) or operation.replays >= MOST_REPLAYS


def too_old(operation: Operation, moment: datetime) -> bool:
    """Whether Stripe may have forgotten the key. Business time: the emulator's keys age by the demo's clock, too."""
    good_for = V2_KEY_GOOD_FOR if operation.path.startswith("/v2/") else KEY_GOOD_FOR
    return operation.first_sent_at is not None and moment - operation.first_sent_at > good_for


def resolve(operation: Operation, *, actor: str = claims.ACTOR, reason: str = "") -> Operation:
    """Look for it and write down what that shows; the operation that now stands for it: the next generation, planned,
    if it was superseded.

    While this goes on nobody sends under the old key, because everybody would look first; two who look at once agree,
    and the row's status decides whose word is written down. Raises StripeUnavailable when Stripe does not say.
    """
    faultpoint("operation.looking_up")
    try:
        body = finders.find(operation)
    except NotSure as doubt:
        claims.shelve(operation, f"{doubt} {reason}".strip(), actor=actor)
        return operation
    except StripeRefused as refusal:
        claims.shelve(operation, f"Stripe would not let us look: {refusal.message} {reason}".strip(), actor=actor)
        return operation
    faultpoint("operation.looked_up")
    if body is not None:
        claims.adopt(operation, body, actor=actor, reason=reason)
        return operation
    wait = still_on_its_way(operation)
    if wait > 0:
        claims.put_back([operation], wait)
        return operation
    if actor == claims.ACTOR and _keys_without_answer(operation) >= MOST_SUPERSEDED:
        claims.shelve(operation, f"Not at Stripe, after {MOST_SUPERSEDED} keys without an answer.")
        return operation
    following = claims.supersede(operation, actor=actor, reason=reason)
    faultpoint("operation.superseded")
    return following


def still_on_its_way(operation: Operation) -> float:
    """For how many seconds the last request may still reach Stripe; 0 if it no longer can."""
    sent = operation.last_sent_at or operation.first_sent_at
    return max(0.0, (sent + STILL_ON_ITS_WAY - machine_now()).total_seconds()) if sent else 0.0


def _keys_without_answer(operation: Operation) -> int:
    return Operation.objects.filter(business_key=operation.business_key, status=Status.SUPERSEDED).count()
