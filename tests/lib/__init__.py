"""What the tests and the demo share. Python's standard library only, but for postgres.py."""
