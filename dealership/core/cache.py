"""The cache may vanish: every access fails open, no business fact lives here.

Only what guards the sign-in (attempts, used codes: the keys of allauth) is kept in the database, so that it neither
fails open nor locks everybody out when the cache is away.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
SIGN_IN_KEYS = "allauth"


class FailOpenRedisCache(RedisCache):
    """Django's Redis cache that answers 'not there' instead of raising when the server is away (F06, F07)."""

    def _open(self, operation: str, fallback: Any, *args: Any, **kwargs: Any) -> Any:
        if str(args[0]).startswith(SIGN_IN_KEYS):
            return getattr(caches["sign_in"], operation)(*args, **kwargs)
        try:
            return getattr(super(), operation)(*args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", operation=operation, error=type(error).__name__)
            return fallback

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._open("get", default, key, default=default, version=version)

    def set(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> None:
        self._open("set", None, key, value, timeout=timeout, version=version)

    def add(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> bool:
        return bool(self._open("add", True, key, value, timeout=timeout, version=version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return int(self._open("incr", 1, key, delta=delta, version=version))

    def touch(self, key: Any, timeout: Any = 300, version: Any = None) -> bool:
        return bool(self._open("touch", False, key, timeout=timeout, version=version))

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self._open("delete", False, key, version=version))

    def get_many(self, keys: Any, version: Any = None) -> dict[Any, Any]:
        return dict(self._open("get_many", {}, keys, version=version))

    def set_many(self, data: Any, timeout: Any = 300, version: Any = None) -> list[Any]:
        return list(self._open("set_many", [], data, timeout=timeout, version=version))

    def has_key(self, key: Any, version: Any = None) -> bool:
        return bool(self._open("has_key", False, key, version=version))
