"""What the walks look for is found where it is, also where scripts are off."""

import pytest
from playwright.sync_api import Browser

from tests.browser import looking

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = "<html lang=en><title>A page</title><main><h1>A page</h1><p>Plain</p>{more}</main>"
PALE = '<p style="color: #aaa">Pale</p>'
WIDE = '<div style="width: 800px">Wide</div>'
NAMELESS = '<img src="data:," width=9 height=9>'


@pytest.mark.parametrize("on", [True, False], ids=["scripts", "no-scripts"])
def test_what_is_wrong_with_a_page_is_found(browser: Browser, monkeypatch: pytest.MonkeyPatch, on: bool) -> None:
    monkeypatch.setattr(looking, "contrasts", {})
    page = browser.new_page(java_script_enabled=on)
    scripts = looking.Scripts(page, on=on)

    def wrong_with(more: str) -> str:
        page.goto("data:text/html," + PAGE.format(more=more).replace("#", "%23"))
        return "\n".join(looking.everything_wrong(page, scripts, "phone"))

    assert wrong_with("<script>let ran</script><noscript><p>Without</p></noscript>") == ""
    assert page.locator("noscript p").is_visible() is not on
    # The head of the page is known by now; what is new on it is looked at all the same.
    assert "color-contrast" in wrong_with(PALE)
    assert "image-alt" in wrong_with(NAMELESS)
    said = wrong_with(WIDE)
    assert "(phone, light): " in said
    assert "(tablet, " in said
    assert "(desktop, " not in said
    page.close()
