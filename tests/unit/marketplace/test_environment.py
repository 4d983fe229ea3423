"""Settings that are there but say nothing stop the start like missing ones."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from marketplace.environment import required_list


@pytest.mark.parametrize("written", [",", " ", " , "])
def test_f09_production_does_not_start_with_a_list_of_no_secrets(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("MARKETPLACE_ENV", "production")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRETS", written)

    with pytest.raises(ImproperlyConfigured, match="STRIPE_WEBHOOK_SECRETS"):
        required_list("STRIPE_WEBHOOK_SECRETS")


def test_two_secrets_are_live_while_one_replaces_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRETS", "whsec_old, whsec_new,")

    assert required_list("STRIPE_WEBHOOK_SECRETS") == ["whsec_old", "whsec_new"]
