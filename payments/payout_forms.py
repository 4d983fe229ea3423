"""The form of the payout schedule. It decides nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gateway.payout_objects import PayoutSchedule
from payments.payout_schedule import DAILY, MONTHLY, WEEKDAYS, WEEKLY

RHYTHMS = {DAILY: _("Every working day"), WEEKLY: _("Every week"), MONTHLY: _("Every month")}
DAYS = dict(
    zip(WEEKDAYS, (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday")), strict=True),
)
LAST_DAY = 31


class ScheduleForm(forms.Form):
    """How often, and on which days."""

    interval = forms.ChoiceField(
        label=_("How often"), widget=forms.RadioSelect, error_messages={"required": _("Choose how often.")}
    )
    weekdays = forms.MultipleChoiceField(
        label=_("On which weekdays"),
        choices=list(DAYS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For payouts every week."),
    )
    day = forms.TypedChoiceField(
        label=_("On which day of the month"),
        choices=[(day, str(day)) for day in range(1, 29)] + [(LAST_DAY, _("the last day"))],
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("For payouts every month."),
    )

    def __init__(self, *args: Any, rhythms: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interval"].choices = [  # type: ignore[attr-defined]
            (name, word) for name, word in RHYTHMS.items() if name in rhythms
        ]
        if MONTHLY not in rhythms:
            del self.fields["day"]

    @classmethod
    def showing(cls, schedule: PayoutSchedule | None, rhythms: Collection[str]) -> ScheduleForm:
        """Filled in with what is set now."""
        if schedule is None:
            return cls(rhythms=rhythms)
        day = schedule.days[0] if schedule.days else 1
        set_now = {"interval": schedule.interval, "weekdays": schedule.weekdays, "day": day}
        return cls(rhythms=rhythms, initial=set_now)

    def clean(self) -> dict[str, Any]:
        """A week needs its days."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("interval") == WEEKLY and not given.get("weekdays"):
            self.add_error("weekdays", _("Choose at least one weekday."))
        return given

    def schedule(self) -> PayoutSchedule:
        """What was chosen."""
        given = self.cleaned_data
        if given["interval"] == WEEKLY:
            return PayoutSchedule(WEEKLY, weekdays=tuple(given["weekdays"]))
        if given["interval"] == MONTHLY:
            return PayoutSchedule(MONTHLY, days=(given.get("day") or 1,))
        return PayoutSchedule(DAILY)
