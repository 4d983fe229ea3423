from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks

from kit.field_words import name_fields
from marketplace.checks import languages_are_compiled


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        """Registers our system checks, and names the columns of our tables."""
        checks.register(languages_are_compiled)
        ours = (config for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR)
        name_fields(model for config in ours for model in config.get_models())
