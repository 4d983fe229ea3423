from django.apps import AppConfig
from django.core import checks

from marketplace.checks import languages_are_compiled


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        """Registers our system checks."""
        checks.register(languages_are_compiled)
