"""Whether a body was signed by Stripe with one of our endpoint secrets."""

from collections.abc import Sequence

import stripe

# Stripe's own tolerance: an older signature may be a replay (fault F09).
TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """The body is not signed with any of our secrets, or was signed too long ago."""


def verify(body: bytes, header: str, secrets: Sequence[str]) -> None:
    """Raise BadSignature unless `header` signs these very bytes with one of `secrets`, at most five minutes ago.

    Two secrets are live while an endpoint's secret is being rotated. An empty secret would let anyone sign, so it
    never counts.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadSignature("The body is not UTF-8 text.") from None
    for secret in secrets:
        if not secret:
            continue
        try:
            stripe.WebhookSignature.verify_header(text, header, secret, TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        return
    raise BadSignature("The Stripe-Signature header does not match this body.")
