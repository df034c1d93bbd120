"""`manage.py bench`: the product measured beside references taken in the same run (docs/bench.md)."""
