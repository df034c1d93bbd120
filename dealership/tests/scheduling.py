"""Which tests must not run side by side when several workers share them out, and which begin.

`xdist_group` marks say this too, but with pytest 9.2 pytest-xdist 3.8 writes the group into a name nobody reads: marked
tests were spread over the workers, and two browser tests took each other's jobs from the one broker.
"""

from __future__ import annotations

from typing import ClassVar

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Tests below one of these paths run on one worker, one after the other; all others wherever there is room."""

    TOGETHER: ClassVar = {
        "dealership/tests/e2e/": "one broker and one Chromium",
        "dealership/tests/test_fault": "servers killed under load",
        "dealership/tests/test_launcher_up": "ports and processes of ./dev",
    }

    def _split_scope(self, nodeid: str) -> str:
        return next((scope for path, scope in self.TOGETHER.items() if nodeid.startswith(path)), nodeid)


# Half a minute and more each: begun last, one of them would keep a single worker busy while the others wait.
LONG = ("dealership/tests/test_matrix.py", "reports/tests/demo/")


def longest_first(items: list[pytest.Item]) -> None:
    """In place; everything else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
