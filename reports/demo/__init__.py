"""The demo group: invented people, cars and customers, placed relative to today (domain.md §6).

Rows are written in bulk, past the services, but exactly as the services would leave them. `group.load` is the way in.
"""
