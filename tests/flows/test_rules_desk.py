"""Rules, warnings, advice and rates in the admin: what staff see, change and stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from disputes import acting, advice, remembering, rules
from disputes.models import Act, Advice, FraudWarning, Rule, RuleVersion
from emulator import business
from kit.clock import now
from payments.models import MoneyAction, Refund, Share
from tests.disputework import advised, disputed, sold, warned
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(UserFactory(email="dana@example.org", is_staff=True, is_superuser=True))
    return client


def text(page: Any) -> str:
    return " ".join(page.content.decode().split())


def change(desk: Client, rule: Rule, **answers: str) -> Any:
    given = {"mode": rule.mode, "hours": str(rule.hours), "seen": str(rule.version), "why": "We want it.", **answers}
    return desk.post(f"/admin/disputes/rule/{rule.pk}/change/", given)


def test_a_rule_is_changed_with_a_reason_and_keeps_what_it_said(desk: Client) -> None:
    rule = rules.rule(Rule.Kind.CONCEDE)

    page = desk.get("/admin/disputes/rule/")
    changed = change(desk, rule, mode="on", limit_eur="12.50", limit_usd="")
    again = change(desk, rule, mode="off")
    wrong = change(desk, rules.rule(Rule.Kind.CONCEDE), limit_eur="lots", why="")

    assert page.status_code == 200
    assert (changed.status_code, rules.rule(Rule.Kind.CONCEDE).limits) == (302, {"eur": 1250})
    kept = RuleVersion.objects.get(version=2)
    assert (kept.user.email if kept.user else "", kept.why, kept.mode) == ("dana@example.org", "We want it.", "on")
    assert again.status_code == 422
    assert "Somebody else changed it meanwhile" in text(again)
    assert {"limit_eur", "why"} <= set(wrong.context["form"].errors)
    assert "12.50" in text(desk.get(f"/admin/disputes/rule/{rule.pk}/change/"))


def test_staff_without_the_permission_look_and_do_not_change(desk: Client) -> None:
    rule = rules.rule(Rule.Kind.FILE)
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_rule"))
    client = Client()
    client.force_login(looker)

    page = client.get(f"/admin/disputes/rule/{rule.pk}/change/")

    assert "You may look at rules" in text(page)
    assert change(client, rule, mode="on").status_code == 403
    assert rules.rule(Rule.Kind.FILE).mode == "off"
    assert client.get("/admin/disputes/advice/rates/").status_code == 403
    assert client.get("/admin/disputes/fraudwarning/").status_code == 403


def test_what_is_announced_is_stopped_with_a_reason(world: World, desk: Client) -> None:
    (share,) = world.bought((1000,))
    change(desk, rules.rule(Rule.Kind.CONCEDE), mode="on", limit_eur="10.00")
    stripe_id = business.open_dispute(world.emulator, str(share.payment.charge_id), "fraudulent")
    world.settle()
    acting.give_notice()
    act = Act.objects.get()
    page = f"/admin/disputes/act/{act.pk}/"

    shown = text(desk.get(f"{page}change/"))
    silent = desk.post(f"{page}stop/", {"why": ""})
    desk.post(f"{page}stop/", {"why": "We can win it."})
    late = desk.post(f"{page}stop/", {"why": "Again."}, follow=True)

    assert "The loss is accepted by itself" in shown
    assert stripe_id in shown
    # Given up, 10.00 and the fee of 15.00 are gone; with little evidence 95 % of it and of the fee for answering.
    assert "−€25.00" in shown
    assert "−€9.50: −€10.00 with a chance of 95.0 %" in shown
    assert (silent.status_code, "Write down why" in text(silent)) == (422, True)
    act.refresh_from_db()
    assert (act.status, act.stopped_by.email if act.stopped_by else "") == ("stopped", "dana@example.org")
    assert "done already, or somebody else stopped it" in text(late)
    assert desk.get("/admin/disputes/act/").status_code == 200


def test_a_warning_leads_with_one_click_to_the_consequence_of_its_refund(world: World, desk: Client) -> None:
    share: Share = world.bought((1000,))[0]
    business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    world.settle()
    warning = FraudWarning.objects.get()
    page = f"/admin/disputes/fraudwarning/{warning.pk}/change/"

    shown = desk.get(page)
    form = shown.context["orders"][0]["forms"][0]
    consequence = desk.post(form["action"], {**form["values"], "preview": "1"})
    plan = consequence.context["plan"]
    desk.post(form["action"], {**form["values"], "confirm": "1", "plan": plan.hash})
    world.finish()

    assert "Refund it: that is expected to cost least." in text(shown)
    assert "−€4.00" in text(shown)
    assert "A warned payment that is not refunded is disputed with a chance of 80.0 %" in text(shown)
    assert (plan.kind, plan.amount) == (MoneyAction.Kind.CANCEL, 1000)
    assert Refund.objects.get().reason == Refund.Reason.FRAUD
    warning.refresh_from_db()
    assert warning.status == FraudWarning.Status.REFUNDED
    assert "Nothing to do: refunded." in text(desk.get(page))
    assert desk.get("/admin/disputes/fraudwarning/").status_code == 200


def test_staff_hold_on_or_end_the_hold_from_the_warnings_page(world: World, desk: Client) -> None:
    share = world.bought((1000,))[0]
    business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    world.settle()
    warning = FraudWarning.objects.get()

    desk.post(f"/admin/disputes/fraudwarning/{warning.pk}/hold/")
    held = FraudWarning.objects.get().status
    form = desk.get(f"/admin/disputes/fraudwarning/{warning.pk}/change/").context["orders"][0]["forms"][1]
    plan = desk.post(form["action"], {**form["values"], "preview": "1"}).context["plan"]
    desk.post(form["action"], {**form["values"], "confirm": "1", "plan": plan.hash})

    assert (held, plan.kind) == ("holding", MoneyAction.Kind.END_HOLD)
    assert not share.holds.filter(ended_at=None).exists()


def test_a_dry_run_says_what_a_rule_would_have_cost_and_saved(desk: Client) -> None:
    day = now() - timedelta(days=20)
    won, lost, dear = (sold(day, amount)[0].payment for amount in (1000, 1200, 9000))
    disputed(won, "won", day, submission_count=1)
    disputed(lost, "lost", day, submission_count=1)
    disputed(dear, "lost", day)
    rule = rules.rule(Rule.Kind.CONCEDE)

    page = text(desk.get(f"/admin/disputes/rule/{rule.pk}/dry-run/"))
    other = desk.get(f"/admin/disputes/rule/{rule.pk}/dry-run/?days=30&hours=24&limit_eur=100.00")
    wrong = desk.get(f"/admin/disputes/rule/{rule.pk}/dry-run/?days=0&hours=24")

    assert "Together</dt><dd>€10.00" in page.replace('<span class="money">', "").replace("</span>", "")
    assert len(other.context["report"].rows) == 3
    assert wrong.status_code == 422
    assert not Act.objects.exists()


def test_advice_rates_and_calibration_are_shown(world: World, desk: Client) -> None:
    day = now() - timedelta(days=3)
    share = sold(day, 1000)[0]
    dispute = disputed(share.payment, "lost", day, submission_count=1)
    advised(dispute, outcome="lost", happened=False, chance=200_000, real_value=-2500)
    warned(sold(day, 5000)[0].payment, day)
    remembering.remember()

    seller = f"/admin/accounts/seller/{share.order.seller_id}/change/"
    pages = {
        address: text(desk.get(address))
        for address in (
            "/admin/disputes/advice/",
            f"/admin/disputes/advice/{Advice.objects.get(dispute=dispute).pk}/change/",
            "/admin/disputes/advice/calibration/",
            "/admin/disputes/advice/rates/",
            seller,
        )
    }

    assert "lost: −€25.00" in pages["/admin/disputes/advice/"]
    assert "1 prediction. Brier score 0.040" in pages["/admin/disputes/advice/calibration/"]
    assert "€10.00 of €60.00, 16.67 %" in pages["/admin/disputes/advice/rates/"]
    assert "Of these" not in pages["/admin/disputes/advice/rates/"]
    assert "1 payment with a fraud warning waits." in pages["/admin/disputes/advice/rates/"]
    assert "€10.00 of €10.00, 100.00 %" in pages[seller]
    assert advice.for_dispute(dispute).chance == 200_000
