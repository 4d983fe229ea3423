"""What needs a person, as staff see it on a phone: found by itself, mailed, taken over, put off."""

import re
from datetime import timedelta

import pytest

from kit.clock import now
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROBLEM = re.compile("Pay the buyer €[0-9.]+ again: the refund came back")


def test_a_problem_found_by_itself_is_mailed_taken_over_and_put_off(site: Site) -> None:
    login = site.login("admin")
    mail = site.mail_to(login["email"], containing="the refund came back", within=30)
    link = re.search(r"http://\S+/admin/payments/share/\d+/decide/retry/", mail)
    assert link is not None

    with site.somebody(login["email"], "phone") as staff:
        staff.go("/admin/")
        staff.sees(PROBLEM)
        staff.looks_right()
        staff.go(link.group())
        staff.sees("Pay a refund again")

        staff.go("/admin/monitoring/alert/")
        staff.sees(PROBLEM)
        staff.looks_right()
        staff.follow(PROBLEM)
        staff.press("Take it over")
        staff.sees("Please say why.")
        staff.looks_right()
        staff.page.locator("[name=reason]").fill("I wrote to the buyer for their bank account.")
        staff.press("Take it over")
        staff.sees("Taken over. I wrote to the buyer for their bank account.")

        staff.page.locator("[name=reason]").fill("They answer tomorrow.")
        # The demo's clock may be some days ahead: other walks move it.
        staff.page.locator("[name=until]").fill(f"{now() + timedelta(days=20):%Y-%m-%d}")
        staff.press("Put it off")
        staff.sees("Put off: They answer tomorrow.")
        staff.looks_right()

        staff.go("/admin/")
        assert not staff.page.get_by_text(PROBLEM).first.is_visible()
        staff.page.locator("summary", has_text="put off").click()
        staff.sees(PROBLEM)
        staff.looks_right()
        staff.go("/admin/monitoring/heartbeat/")
        staff.sees("payments.act_on_held_money")
        staff.looks_right()
