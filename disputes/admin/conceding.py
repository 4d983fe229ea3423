"""The page on which the loss of a dispute is accepted: who bears what first, then exactly that, for good."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from disputes import work
from disputes.admin import pieces
from disputes.admin.desk import Desk
from disputes.admin.forms import ReasonForm
from evidence import conceding
from evidence.errors import Changed, EvidenceError
from evidence.models import Submission
from gateway.errors import GatewayError, StripeRefused
from payments import words


class ConcedePage:
    """One request to it."""

    def __init__(self, desk: Desk) -> None:
        desk.need_send()
        self.desk, self.http, self.dispute = desk, desk.http, desk.dispute

    def answer(self) -> HttpResponse:
        """The consequence with the form, or the dispute's page once it is done."""
        if not work.can_concede(self.dispute):
            return self._cannot()
        if self.http.method != "POST":
            return self._show(ReasonForm())
        form = ReasonForm(self.http.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        try:
            done = conceding.concede(
                self.desk.need_pack(),
                by=self.desk.decider,
                reason=form.cleaned_data["reason"],
                plan_hash=self.http.POST.get("plan", ""),
            )
        except Changed:
            return self._show(form, changed=True, status=409)
        except EvidenceError as error:
            return self._cannot(str(error))
        except StripeRefused as refusal:
            return self.desk.refuse(_("Stripe refused it: %(why)s Nothing was done.") % {"why": refusal.message})
        except GatewayError:
            messages.warning(
                self.http, _("Stripe does not answer at the moment. Nothing was done; try again in a minute.")
            )
            return self.desk.back()
        if done.status == Submission.Status.SENDING:
            messages.warning(self.http, _("Stripe has not answered yet. It is finished by itself."))
            return self.desk.back()
        return self.desk.back(done=_("The loss is accepted."))

    def _cannot(self, why: str = "") -> HttpResponse:
        """It is too late, or this person pressed the button twice (fault F34)."""
        pack = self.desk.pack
        mine = {"kind": Submission.Kind.CONCESSION, "user": self.desk.person}
        if self.http.method == "POST" and pack is not None and pack.submissions.filter(**mine).exists():
            return self.desk.back(done=_("That is done already."))
        return self.desk.refuse(why or _("The loss cannot be accepted any more, or not yet: the bank does not ask."))

    def _show(self, form: ReasonForm, *, changed: bool = False, status: int = 200) -> HttpResponse:
        found = conceding.consequences(self.dispute)
        sellers = {order.number: order.seller for order in pieces.orders(self.dispute)}
        heading = _("What this does to order %(number)s") if len(found.plans) > 1 else ""
        cards = [
            {"heading": heading and heading % {"number": plan.order}, "card": words.card(plan, sellers[plan.order])}
            for plan in found.plans
        ]
        more = {
            "cards": cards,
            "beyond": found.beyond,
            "fee": found.fee,
            "hash": found.hash,
            "form": form,
            "changed": changed,
        }
        title = _("Accept the loss")
        return self.desk.page("concede", title, status=status, is_inner=True, has_errors=bool(form.errors), **more)
