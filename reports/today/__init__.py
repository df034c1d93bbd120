"""The home page: today's work of each role (product.md §6). Reads only; every row within the reader's reach."""

from reports.today.page import TodayPage, today_page

__all__ = ["TodayPage", "today_page"]
