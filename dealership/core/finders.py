"""Static files out of npm packages: exactly the files pages use, under stable names, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# address below STATIC_URL → file in node_modules
FILES = {
    "vendor/tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler/tabler.min.css.map": "@tabler/core/dist/css/tabler.min.css.map",
    "vendor/tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/tabler/tabler.min.js.map": "@tabler/core/dist/js/tabler.min.js.map",
    "vendor/echarts/echarts.min.js": "echarts/dist/echarts.min.js",
}


class _Package(FileSystemStorage):
    """The package folder, opened by the address a page uses."""

    def path(self, name: str) -> str:
        return str(Path(self.location) / FILES[Path(name).as_posix()])


class PackageFinder(BaseFinder):
    """Staticfiles finder over `FILES` (tabler's and echarts' own folders hold hundreds of files pages never load)."""

    storage = _Package(location=str(settings.BASE_DIR / "node_modules"))

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        name = Path(path).as_posix()
        found = [self.storage.path(name)] if name in FILES and Path(self.storage.path(name)).exists() else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for name in FILES:
            yield name, self.storage
