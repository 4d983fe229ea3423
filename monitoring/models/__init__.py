"""Open problems with their owners, who answers for which kind, and whether what runs by itself did run."""

from monitoring.models.alert import Alert, AlertMove, Kind, Remark
from monitoring.models.duty import Duty
from monitoring.models.heartbeat import Heartbeat

__all__ = ["Alert", "AlertMove", "Duty", "Heartbeat", "Kind", "Remark"]
