"""The knobs: behaviour of Stripe that differs by country, contract or luck."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3_600

RETRY_PROFILES: dict[str, tuple[int, ...]] = {
    # sandbox: three tries over a few hours; live: exponential for three days
    "sandbox": (10 * 60, 3 * HOUR),
    "live": (60, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR),
}


@dataclass
class Settings:
    """Defaults are those of a German platform with standard card prices; tests may change them."""

    platform_name: str = "Marketplace"
    country: str = "DE"
    currency: str = "eur"
    fee_basis_points: int = 290
    fee_fixed: int = 30
    debit_fee: int = 35
    availability_days: int = 2
    retry_profile: str = "sandbox"
    session_hours: int = 24
    link_seconds: int = 300
    events_days: int = 30
    refund_seconds: int = 60
    dispute_fee: int = 1_500
    dispute_fee_returned: bool = False
    dispute_days: int = 14
    idempotency_hours: int = 24

    @property
    def retry_delays(self) -> tuple[int, ...]:
        """Seconds between one failed attempt and the next; after the last one Stripe gives up."""
        return RETRY_PROFILES[self.retry_profile]
