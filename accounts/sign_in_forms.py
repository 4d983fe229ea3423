"""allauth's forms in our words: labels that say what to enter, and nothing in the fields that vanishes on typing."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import NOT_AN_EMAIL

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "oldpassword": _("Password you have now"),
    "code": _("Code"),
    "name": _("Name of the key"),
    "passwordless": _("Use it instead of my password"),
}
GOOD_PASSWORD = _("At least 12 characters. A few words that have nothing to do with each other are hard to guess.")
HELP = {
    "password1": GOOD_PASSWORD,
    "name": _("So that you can tell your keys apart."),
    "passwordless": _("Your device then asks for your fingerprint, your face or its PIN."),
}
MISSING = {
    "login": _("Enter your e-mail address."),
    "email": _("Enter your e-mail address."),
    "password": _("Enter your password."),
    "password1": _("Choose a password."),
    "password2": _("Enter it once more."),
    "oldpassword": _("Enter the password you have now."),
    "code": _("Enter the code."),
}


class _OurWords(forms.BaseForm):
    """Put before one of allauth's forms."""

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name) or LABELS.get(name, field.label)
            field.help_text = HELP.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)
            if name in MISSING:
                field.error_messages["required"] = MISSING[name]
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = NOT_AN_EMAIL
            if name == "code":
                field.widget.attrs.update({"inputmode": "numeric", "autocomplete": "one-time-code"})


class LoginForm(_OurWords, account.LoginForm):
    """E-mail address and password."""


class SignupForm(_OurWords, account.SignupForm):
    """E-mail address and a password."""

    labels = {"password1": _("Password")}


class AddEmailForm(_OurWords, account.AddEmailForm):
    """One more address."""


class ChangePasswordForm(_OurWords, account.ChangePasswordForm):
    """The old password, and the new one twice."""

    labels = {"password1": _("New password"), "password2": _("New password once more")}


class SetPasswordForm(_OurWords, account.SetPasswordForm):
    """The first password of an account without one."""

    labels = {"password1": _("Password"), "password2": _("Password once more")}


class ResetPasswordForm(_OurWords, account.ResetPasswordForm):
    """Where to send the link."""


class ResetPasswordKeyForm(_OurWords, account.ResetPasswordKeyForm):
    """The new password after following the link."""

    labels = {"password1": _("New password"), "password2": _("New password once more")}


class ReauthenticateForm(_OurWords, account.ReauthenticateForm):
    """The password once more, before something delicate."""


class AuthenticateForm(_OurWords, mfa.AuthenticateForm):
    """The second step: a code of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Recovery codes have letters too.
        self.fields["code"].widget.attrs.pop("inputmode", None)


class SecondStepReauthenticateForm(_OurWords, mfa.ReauthenticateForm):
    """The second step once more, before something delicate."""


class ActivateTotpForm(_OurWords, totp.ActivateTOTPForm):
    """The app's first code."""


class AddKeyForm(_OurWords, webauthn.AddWebAuthnForm):
    """A passkey or security key."""


class RenameKeyForm(_OurWords, webauthn.EditWebAuthnForm):
    """Another name for a key."""
