"""Open problems, duties and what runs by itself, in the admin."""

from monitoring.admin.alert import AlertAdmin
from monitoring.admin.upkeep import DutyAdmin, HeartbeatAdmin

__all__ = ["AlertAdmin", "DutyAdmin", "HeartbeatAdmin"]
