"""Titles -> normalized text, fingerprints, words and facts."""
