"""Measurements: one command a figure, always beside what it is compared with, in the same run."""
