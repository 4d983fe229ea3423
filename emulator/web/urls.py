"""Every address the emulator answers."""

from django.urls import path, re_path, register_converter

from emulator.web.views import (
    api,
    assets,
    checkout,
    controls,
    express,
    intents,
    onboarding,
    panel,
    panel_faults,
    panel_objects,
    problems,
    state,
)


class SessionId:
    regex = r"cs_[A-Za-z0-9_]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class AccountId(SessionId):
    regex = r"acct_[A-Za-z0-9_]+"


class IntentId(SessionId):
    regex = r"(?:pi|seti)_[A-Za-z0-9]+"


register_converter(SessionId, "session")
register_converter(IntentId, "intent")
register_converter(AccountId, "account")

urlpatterns = [
    re_path(r"^v[12]/", api.answer, name="api"),
    path("healthz", api.healthz, name="healthz"),
    path("", api.front, name="front"),
    path("_assets/<str:name>", assets.asset, name="asset"),
    path("favicon.ico", assets.favicon, name="favicon"),
    # What a person opens
    path("c/pay/<session:session_id>", checkout.pay, name="checkout"),
    path("c/pay/<session:session_id>/authenticate", checkout.authenticate, name="authenticate"),
    path("c/authenticate/<intent:intent_id>", intents.authenticate, name="authenticate-intent"),
    path("setup/e/<account:account>/<str:token>", onboarding.open_link, name="setup"),
    path("onboarding/<str:flow>", onboarding.step, name="onboarding"),
    path("onboarding/<str:flow>/leave", onboarding.leave, name="onboarding-leave"),
    path("express/<account:account>/<str:token>", express.dashboard, name="express"),
    # Controls, JSON
    path("_emulator/clock", state.clock, name="control-clock"),
    path("_emulator/advance", controls.advance, name="control-advance"),
    path("_emulator/reset", controls.reset, name="control-reset"),
    path("_emulator/snapshots", state.snapshots, name="control-snapshots"),
    path("_emulator/snapshots/<str:name>", state.one_snapshot, name="control-one-snapshot"),
    path("_emulator/snapshot", state.snapshot, name="control-snapshot"),
    path("_emulator/restore", state.restore, name="control-restore"),
    path("_emulator/state", state.state, name="control-state"),
    path("_emulator/export", state.export, name="control-export"),
    path("_emulator/faults", controls.faults, name="control-faults"),
    path("_emulator/faults/<int:id>", controls.one_fault, name="control-fault"),
    path("_emulator/events", controls.events, name="control-events"),
    path("_emulator/requests", controls.requests, name="control-requests"),
    path("_emulator/deliveries/<str:id>/resend", controls.resend, name="control-resend"),
    path("_emulator/webhook_endpoints/<str:id>/roll", controls.roll_secret, name="control-roll"),
    path("_emulator/retries", controls.retry_profile, name="control-retries"),
    path(
        "_emulator/accounts/<account:account>/complete_onboarding", controls.complete_account, name="control-complete"
    ),
    path("_emulator/sessions/<session:session_id>/pay", controls.pay_session, name="control-pay"),
    path("_emulator/actions", controls.actions, name="control-actions"),
    # The operator's panel
    path("_emulator/", panel.home, name="panel"),
    path("_emulator/sign-in", panel.sign_in, name="panel-sign-in"),
    path("_emulator/panel/advance", panel.advance, name="panel-advance"),
    path("_emulator/panel/objects", panel_objects.objects, name="panel-objects"),
    path("_emulator/panel/objects/<str:kind>", panel_objects.objects, name="panel-kind"),
    path("_emulator/panel/object/<str:id>", panel_objects.one_object, name="panel-object"),
    path("_emulator/panel/ledger", panel.ledger, name="panel-ledger"),
    path("_emulator/panel/ledger/<str:account>", panel.ledger, name="panel-account"),
    path("_emulator/panel/events", panel.events, name="panel-events"),
    path("_emulator/panel/events/<str:id>", panel.one_event, name="panel-event"),
    path("_emulator/panel/events/<str:id>/resend", panel.resend, name="panel-resend"),
    path("_emulator/panel/faults", panel_faults.faults, name="panel-faults"),
    path("_emulator/panel/requests", panel.requests, name="panel-requests"),
    # Business actions, JSON: after everything else that has three parts
    path("_emulator/<slug:things>/<str:id>/<slug:verb>", controls.act, name="control-act"),
]

handler404 = problems.not_found
handler500 = problems.server_error
handler400 = problems.bad_request
