"""Kinds of stored objects whose name is not their `object` value."""

from __future__ import annotations

# A connected account is stored under its v2 name; the platform's own account is a v1 "account".
CONNECTED = "v2.core.account"
PLATFORM = "account"
ACCOUNTS = (CONNECTED, PLATFORM)
# a connected account that was deleted: what it did stays on record
DELETED = "deleted_account"
# one that ended its connection to the platform
DISCONNECTED = "disconnected_account"
