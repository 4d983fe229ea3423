"""What a seller types on the desk beside a listing's facts: when to publish, what was counted, what to do to many."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import bulk
from catalog.browsing import shelves
from catalog.bulk import Act, Wish
from catalog.models import Listing, Variant
from catalog.variants import offered_of

MOST_AT_ONCE = 1_000_000
CHOOSE_FIRST = gettext_lazy("Choose the listings first: tick the box before each.")


class ScheduleForm(forms.Form):
    """When a listing is to be published, in the time zone of whoever types it."""

    publish_at = forms.DateTimeField(
        label=gettext_lazy("Publish on"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"],
        error_messages={
            "required": gettext_lazy("Choose a day and a time."),
            "invalid": gettext_lazy("Write a date and a time, like 2027-03-01 09:00."),
        },
    )

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["publish_at"].help_text = _("In your time zone: %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }
        if listing.publish_at is not None:
            self.initial["publish_at"] = timezone.localtime(listing.publish_at)

    def moment(self) -> datetime:
        """The moment that was chosen."""
        found: datetime = self.cleaned_data["publish_at"]
        return found


class CountForm(forms.Form):
    """Units to add to what is in stock or to take away, and why."""

    by = forms.IntegerField(
        label=gettext_lazy("Add, or take away with a minus"),
        min_value=-MOST_AT_ONCE,
        max_value=MOST_AT_ONCE,
        help_text=gettext_lazy("Like 5 or -2."),
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=200, help_text=gettext_lazy("“Two were damaged.”"))

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if listing.options:
            self.fields["variant"] = forms.ModelChoiceField(
                offered_of(listing), label=_("Variant"), empty_label=_("Choose a variant")
            )
            self.order_fields(["variant", "by", "note"])

    def clean_by(self) -> int:
        """Some, one way or the other."""
        by: int = self.cleaned_data["by"]
        if by == 0:
            raise forms.ValidationError(_("Enter how many to add or to take away."))
        return by

    def counted(self) -> Variant | None:
        """The variant that was counted."""
        return self.cleaned_data.get("variant")


class BulkForm(forms.Form):
    """One change to the listings that were chosen."""

    act = forms.ChoiceField(label=gettext_lazy("What to do with them"), choices=Act.choices)
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    percent = forms.CharField(
        label=gettext_lazy("By how many percent"), max_length=12, required=False,
        help_text=gettext_lazy("For the prices: 10 makes them dearer, -15 cheaper."),
    )  # fmt: skip
    units = forms.IntegerField(
        label=gettext_lazy("How many units"), required=False, min_value=-MOST_AT_ONCE, max_value=MOST_AT_ONCE,
        help_text=gettext_lazy("For the stock: 5 more, or -2 fewer."),
    )  # fmt: skip
    chosen = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Your listings"), coerce=int, required=True,
        error_messages=dict.fromkeys(("required", "invalid_choice", "invalid_list"), CHOOSE_FIRST),
    )  # fmt: skip

    def __init__(self, *args: Any, form_id: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if form_id:
            # On the page of all listings the fields stand outside the form they belong to.
            for name in ("act", "category", "percent", "units"):
                self.fields[name].widget.attrs["form"] = form_id
        # The categories a page keeps anyway: the list of listings asks for them nothing more.
        kept = [(str(category.pk), category.label) for category in shelves.all()]
        self.fields["category"].choices = [("", _("Choose a category")), *kept]  # type: ignore[attr-defined]
        # Which numbers there are is asked of the seller's own listings, later; here they need only be numbers.
        given = self.data.getlist("chosen") if hasattr(self.data, "getlist") else []
        numbers = [each for each in given if each.isascii() and each.isdigit() and len(each) < 19]
        self.fields["chosen"].choices = [(each, each) for each in numbers[: bulk.MOST + 1]]  # type: ignore[attr-defined]

    def clean_chosen(self) -> list[int]:
        """At most so many that the preview can be read."""
        chosen: list[int] = self.cleaned_data["chosen"]
        if len(chosen) > bulk.MOST:
            raise forms.ValidationError(_("At most %(n)d at once. Choose fewer.") % {"n": bulk.MOST})
        return chosen

    def clean(self) -> dict[str, Any]:
        """What the chosen act needs."""
        cleaned = super().clean() or self.cleaned_data
        act, value = cleaned.get("act"), 0
        if act == Act.CATEGORY:
            if not cleaned.get("category"):
                self.add_error("category", _("Choose the category."))
            else:
                value = int(cleaned["category"])
        elif act == Act.PRICE:
            try:
                value = bulk.basis_points(cleaned.get("percent", ""))
            except ValueError as error:
                self.add_error("percent", str(error))
        elif act == Act.STOCK:
            value = cleaned.get("units") or 0
            if not value and "units" not in self.errors:
                self.add_error("units", _("Enter how many to add or to take away."))
        cleaned["wish"] = Wish(act or "", value)
        return cleaned
