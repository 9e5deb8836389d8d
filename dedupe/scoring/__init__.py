"""Candidate pairs -> the probability that they are one story or one wording."""
