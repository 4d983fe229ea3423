"""People who sign in, sellers and their teams, and the Stripe accounts sellers are paid through."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Fits the column of an address, and with what is said of guests that of an actor. Nobody's real one is longer.
LONGEST_EMAIL = 180


class UserManager(BaseUserManager["User"]):
    """People with an account, who sign in with an e-mail address: never guests."""

    def get_queryset(self) -> models.QuerySet[User]:
        """Everything that looks for somebody to sign in, to mail a key to or to give a right to goes this way."""
        return super().get_queryset().filter(is_guest=False)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user with this address, lower-cased. Raises ValueError without one."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this address, however its letters were typed."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in: buyer, member of a seller's team, staff, or several of these; or a guest, who bought
    without an account and cannot sign in.
    """

    email = models.EmailField(_("e-mail address"))
    full_name = models.CharField(_("name"), max_length=200, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("Empty: what the browser asks."))
    timezone = models.CharField(_("time zone"), max_length=63, blank=True, help_text=_("Empty: the marketplace’s."))
    # Several guests may have one address, and it may be an account's: nobody has confirmed that it is theirs.
    is_guest = models.BooleanField(_("guest"), default=False)

    objects: ClassVar[UserManager] = UserManager()
    # Guests too. Rows that point at a person find them anyway: Django follows those by its own plain manager.
    everybody: ClassVar[models.Manager[User]] = models.Manager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=models.Q(is_guest=False), name="user_email_any_case"),
            models.UniqueConstraint(fields=["email"], condition=models.Q(is_guest=False), name="user_email"),
        ]
        indexes = [models.Index(fields=["email"], name="guest_email", condition=models.Q(is_guest=True))]

    def __str__(self) -> str:
        return self.email

    @property
    def actor(self) -> str:
        """What the records of what they did call this person. A guest's address may be somebody else's: it is said."""
        return f"{self.email} (guest)" if self.is_guest else self.email

    def get_short_name(self) -> str:
        """What to call the person on a page."""
        return self.full_name.split(" ")[0] if self.full_name else self.email.split("@")[0]


class Seller(models.Model):
    """Somebody who sells here: a shop with a team, listings and a Stripe account."""

    name = models.CharField(_("shop name"), max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    about = models.TextField(_("about the shop"), blank=True, max_length=4000)
    # The face of the shop, drawn anew by catalog.portraits: a square WebP picture without metadata.
    portrait = models.ImageField(_("photo of the owner or the shop"), upload_to="portraits/%Y/%m/", blank=True)
    country = models.CharField(_("country"), max_length=2)
    currency = models.CharField(_("usual currency"), max_length=3)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")

    def __str__(self) -> str:
        return self.name

    @property
    def portrait_url(self) -> str:
        """The address of the photo, as wide as high; empty without one. Beside the shop's name it needs no words."""
        return self.portrait.url if self.portrait else ""


class Membership(models.Model):
    """One person's place in a seller's team."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        STAFF = "staff", _("Team member")

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("place in a team")
        verbose_name_plural = _("places in teams")
        constraints = [models.UniqueConstraint(fields=["seller", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()}, {self.seller})"


class ConnectedAccount(models.Model):
    """A seller's account at Stripe, as Stripe last described it. Replaced accounts stay as older versions.

    `stripe_id` is empty until the operation that creates the account has succeeded.
    """

    class Capability(models.TextChoices):
        UNREQUESTED = "unrequested", _("not asked for")
        PENDING = "pending", _("being checked by Stripe")
        ACTIVE = "active", _("active")
        RESTRICTED = "restricted", _("needs information")
        UNSUPPORTED = "unsupported", _("not available")
        REJECTED = "rejected", _("refused by Stripe")

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="connected_accounts")
    version = models.PositiveSmallIntegerField(default=1)
    stripe_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    transfers = models.CharField(max_length=16, choices=Capability.choices, default=Capability.UNREQUESTED)
    payouts = models.CharField(max_length=16, choices=Capability.choices, default=Capability.UNREQUESTED)
    # [{"code": "…", "owner": "seller"|"stripe", "status": "currently_due"|…, "deadline": iso|null, "errors": [...]}]
    requirements = models.JSONField(default=list, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text=_("First visit to Stripe's onboarding."))
    refreshed_at = models.DateTimeField(null=True, blank=True, help_text=_("When Stripe was last asked."))
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("account at Stripe")
        verbose_name_plural = _("accounts at Stripe")
        constraints = [
            models.UniqueConstraint(fields=["seller", "version"], name="connected_account_version"),
            models.UniqueConstraint(
                fields=["seller"], condition=models.Q(closed_at=None), name="one_open_account_per_seller"
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id or f"{self.seller} (being created)"

    @property
    def can_receive_transfers(self) -> bool:
        """Whether Stripe lets this account be paid. Selling is gated on this, never on a form having been filled in."""
        return bool(self.stripe_id) and self.transfers == self.Capability.ACTIVE and self.closed_at is None


class Guidelines(models.Model):
    """One published version of what sellers agree to."""

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    body = models.TextField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-version",)
        verbose_name = _("guidelines")
        verbose_name_plural = _("guidelines")
        # People accepted these very words; a change is a new version.
        triggers = [
            pgtrigger.Protect(
                name="published_words_stay",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"


class GuidelinesAcceptance(models.Model):
    """Who accepted which version for which seller, and when."""

    guidelines = models.ForeignKey(Guidelines, on_delete=models.PROTECT, related_name="acceptances")
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="guidelines_acceptances")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = _("acceptance of the guidelines")
        verbose_name_plural = _("acceptances of the guidelines")
        constraints = [models.UniqueConstraint(fields=["guidelines", "seller"], name="one_acceptance_per_version")]
        # An acceptance is evidence: it is neither changed nor removed.
        triggers = [pgtrigger.Protect(name="acceptances_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.seller}: version {self.guidelines.version}"
