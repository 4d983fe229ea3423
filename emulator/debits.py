"""Stripe's test IBANs for SEPA Direct Debit, where the answer comes later. No other IBAN exists here."""

from __future__ import annotations

import re
from dataclasses import dataclass

MINUTES = 60


@dataclass(frozen=True)
class Debit:
    """A test bank account: whether the debit succeeds, and how many seconds (by the clock) the bank takes to say so."""

    iban: str
    label: str
    token: str | None
    succeeds: bool
    seconds: int = 1

    @property
    def country(self) -> str:
        return self.iban[:2]

    @property
    def last4(self) -> str:
        return self.iban[-4:]


DEBITS = (
    Debit("DE89370400440532013000", "Paid a moment later", "pm_success_de", True),
    Debit("DE08370400440532013003", "Paid after three minutes", "pm_successDelayed_de", True, 3 * MINUTES),
    Debit("DE62370400440532013001", "Fails a moment later", "pm_failed_de", False),
    Debit("DE78370400440532013004", "Fails after three minutes", "pm_failedDelayed_de", False, 3 * MINUTES),
    Debit("AT611904300234573201", "Paid a moment later", "pm_success_at", True),
    Debit("AT321904300235473204", "Paid after three minutes", "pm_successDelayed_at", True, 3 * MINUTES),
    Debit("AT861904300235473202", "Fails a moment later", "pm_failed_at", False),
    Debit("AT051904300235473205", "Fails after three minutes", "pm_failedDelayed_at", False, 3 * MINUTES),
    # not in Stripe's table: what the Stripe CLI sends to see a debit fail
    Debit("IT60X0542811101000000123456", "Fails a moment later", None, False),
)
# those a page shows to choose from
SHOWN = DEBITS[:4]
DEBIT_BY_IBAN = {debit.iban: debit for debit in DEBITS}
DEBIT_BY_TOKEN = {debit.token: debit for debit in DEBITS if debit.token}

FAILURE_MESSAGE = "The bank returned this direct debit: there was not enough money in the account."


def find(text: str) -> Debit | None:
    """The test account of an IBAN, spaces or not."""
    return DEBIT_BY_IBAN.get(re.sub(r"\s", "", text).upper())
