"""Scored pairs -> groups, as merge trees."""
