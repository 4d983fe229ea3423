"""Tools for developing and trying the project on one machine. Production needs nothing from here."""
