"""The input of a job: its files, their parts, the rows in these, and the outlets that they make known."""
