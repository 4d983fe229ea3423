"""The seller's Express dashboard that a login link opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator


def dashboard_view(em: Emulator, token: str) -> Json:
    """The dashboard behind a login link's token, which works once.

    Keys: account (v1 shape), name, balance [{currency, available, pending}], payouts [API shape], transfers [API shape of
    the payments received], bank {bank_name, last4, currency} | None. Raises LinkDead (refresh_url empty) on reuse,
    HostedError(status=404) for an unknown token.
    """
    raise NotImplementedError
