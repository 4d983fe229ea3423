"""Where a seller stands with Stripe, for the onboarding page: whose turn it is, what is missing, by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import ConnectedAccount
from accounts.requirements import Due, asked_later, checked_by_stripe, waiting_for_seller

Capability = ConnectedAccount.Capability


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page says. `pill` is the colour family, `action` the button that leads to Stripe (empty: none)."""

    pill: str
    label: str
    sentence: str
    action: str
    now_due: tuple[Due, ...] = ()
    checking: tuple[Due, ...] = ()
    later: tuple[Due, ...] = ()
    deadline: datetime | None = None
    overdue: bool = False
    warning: str = ""


def standing(account: ConnectedAccount | None) -> Standing:
    """The standing, from what Stripe last said about the account."""
    if account is None:
        return Standing(
            "needs-you",
            _("Not started"),
            _("It is your turn: tell Stripe who you are and where to pay you. It takes about five minutes."),
            _("Start with Stripe"),
        )
    if not account.stripe_id:
        return Standing(
            "waiting",
            _("Being prepared"),
            _("We have asked Stripe to open your account and have no answer yet. Try again in a moment."),
            _("Try again"),
        )
    return _at_stripe(account)


def _at_stripe(account: ConnectedAccount) -> Standing:
    now_due = tuple(waiting_for_seller(account.requirements))
    checking = tuple(checked_by_stripe(account.requirements))
    later = tuple(asked_later(account.requirements))
    deadline = min((due.deadline for due in now_due if due.deadline), default=None)
    pill, label, sentence, action = _words(account, now_due, checking)
    return Standing(
        pill,
        label,
        sentence,
        action,
        now_due,
        checking,
        later,
        deadline,
        overdue=any(due.overdue for due in now_due),
        warning=_payout_warning(account),
    )


def _words(account: ConnectedAccount, now_due: tuple[Due, ...], checking: tuple[Due, ...]) -> tuple[str, str, str, str]:
    if account.transfers == Capability.REJECTED:
        return (
            "problem",
            _("Refused"),
            _("Stripe has refused to pay this account. You cannot sell with it. Write to us and we will look into it."),
            "",
        )
    if account.transfers == Capability.UNSUPPORTED:
        return "problem", _("Not available"), _("Stripe cannot pay sellers in your country yet."), ""
    if account.transfers == Capability.ACTIVE and not now_due:
        return "done", _("Ready"), _("You are ready to sell. Stripe can pay you; nothing is missing."), ""
    if account.transfers == Capability.ACTIVE:
        return (
            "needs-you",
            _("Information needed"),
            _("You can sell, and Stripe needs something from you to keep it so."),
            _("Continue at Stripe"),
        )
    if now_due:
        count = len(now_due)
        return (
            "needs-you",
            _("Your turn"),
            ngettext(
                "It is your turn: Stripe needs %(count)s more thing from you.",
                "It is your turn: Stripe needs %(count)s more things from you.",
                count,
            )
            % {"count": count},
            _("Continue at Stripe"),
        )
    if checking or account.transfers == Capability.PENDING:
        return (
            "waiting",
            _("Being checked"),
            _("Stripe is checking what you gave. You need to do nothing now; we will write to you when it is done."),
            "",
        )
    return "needs-you", _("Your turn"), _("Stripe is not finished with you yet."), _("Continue at Stripe")


def _payout_warning(account: ConnectedAccount) -> str:
    if account.transfers == Capability.ACTIVE and account.payouts != Capability.ACTIVE:
        return _(
            "Your sales are credited to you, but Stripe cannot send the money to your bank yet. "
            "Check your bank account at Stripe."
        )
    return ""
