"""The workspace of disputes in the admin."""

from disputes.admin.queue import DisputeAdmin

__all__ = ["DisputeAdmin"]
