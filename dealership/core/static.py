"""Which files of the front-end packages are published."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class PublishedFiles(StaticFilesConfig):
    """`collectstatic` without the builds no page loads: right-to-left, ES modules, flags, extra icon weights.

    The packages ship some 200 such files; compressing them took most of the first start, and some of them refer
    to files their package forgot, which stops `collectstatic`.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.rtl.*",
        "*.esm.*",
        *(f"tabler-{part}.*" for part in ("flags", "marketing", "payments", "props", "socials")),
        *(f"tabler-icons{part}*" for part in ("-200", "-300", "-filled", ".html", ".scss")),
        *(f"echarts.{part}" for part in ("js", "js.map", "common.*", "simple.*")),
        "extension",  # of ECharts
        "redoc",  # the API page uses Swagger
        "rest_framework",  # no browsable API
    ]
