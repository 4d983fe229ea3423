"""What people are asked when they deal with problems, one or many at once."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kit.clock import now
from monitoring import handling
from monitoring.handling import NotPossible
from monitoring.models import Alert

# What is put off until a day comes back when people begin to work.
MORNING = time(8)


def staff() -> Any:
    """Who can own a problem."""
    return User.objects.filter(is_staff=True, is_active=True).order_by("email")


def morning_of(given: dict[str, Any]) -> datetime:
    """The day chosen, as a moment. Raises NotPossible when none was."""
    if given.get("until") is None:
        raise NotPossible(str(_("Choose the day it is to come back.")), "until")
    return timezone.make_aware(datetime.combine(given["until"], MORNING))


def deal(what: str, alert: Alert, by: User, given: dict[str, Any]) -> None:
    """Do what a button says with what the form says. Raises NotPossible."""
    reason = str(given.get("reason") or "")
    match what:
        case "take_over":
            handling.assign(alert, by, by=by, reason=reason)
        case "assign":
            if given.get("owner") is None:
                raise NotPossible(str(_("Choose whose it is to be.")), "owner")
            handling.assign(alert, given["owner"], by=by, reason=reason)
        case "snooze":
            handling.snooze(alert, morning_of(given), by=by, reason=reason)
        case "close":
            handling.close(alert, by=by, reason=reason)
        case "wake":
            handling.wake(alert, by=by, reason=reason)
        case "note":
            handling.note(alert, by=by, text=reason)
        case _other:
            raise NotPossible(str(_("There is no such thing to do.")))


class DealForm(forms.Form):
    """On a problem's own page."""

    reason = forms.CharField(
        label=_("Why, or a note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = forms.ModelChoiceField(label=_("Whose it is to be"), queryset=User.objects.none(), required=False)
    until = forms.DateField(
        label=_("Put off until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["owner"]
        people.queryset = staff()
        self.fields["until"].widget.attrs["min"] = timezone.localtime(now()).date().isoformat()


class BulkForm(ActionForm):
    """Beside the choice of an action in the list."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)
    owner = forms.ModelChoiceField(label=_("Whose"), queryset=User.objects.none(), required=False)
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["owner"]
        people.queryset = staff()
