"""What a service may raise. Pages and API turn these into a Chinese answer; anything else is a defect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NO_RIGHT = _("您的岗位没有此项操作的权限，如需办理请联系展厅经理。")
NOWHERE = _("没有找到该记录，可能已被删除或不在您的查看范围内。")


class DomainError(Exception):
    """A rule refused the request (422). `fields` names the inputs to mend; `code` is stable for the API."""

    status = 422

    def __init__(
        self,
        code: str,
        message: str | Promise,
        fields: Mapping[str, Sequence[str | Promise]] | None = None,
        current: Mapping[str, Any] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(str(message))
        self.status = status or type(self).status
        self.code = code
        self.message = str(message)
        self.fields = {name: [str(text) for text in texts] for name, texts in (fields or {}).items()}
        self.current = dict(current or {})


class Conflict(DomainError):
    """Somebody else was first, or the row changed since it was read (409). `current` holds the present values."""

    status = 409


class NotAllowed(DomainError):
    """The row is within reach, the act is not (403)."""

    status = 403

    def __init__(
        self,
        message: str | Promise = NO_RIGHT,
        code: str = "not_allowed",
    ) -> None:
        super().__init__(code, message)


class NotFound(DomainError):
    """Unknown or out of reach; the two look the same on purpose (404)."""

    status = 404

    def __init__(self, message: str | Promise = NOWHERE, code: str = "not_found") -> None:
        super().__init__(code, message)
