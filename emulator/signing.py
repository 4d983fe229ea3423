"""The Stripe-Signature header."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence


def signature(secrets: Sequence[str], body: bytes, moment: int | None = None) -> str:
    """One v1 for each secret. Always the wall clock: receivers refuse old stamps, whatever our clock."""
    stamp = int(time.time()) if moment is None else moment
    signed = str(stamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={mark}" for mark in marks)])
