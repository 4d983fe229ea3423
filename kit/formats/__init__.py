"""How dates are written in languages other than English (settings.FORMAT_MODULE_PATH)."""
