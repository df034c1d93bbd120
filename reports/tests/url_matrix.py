"""What the addresses of this app promise; see dealership/tests/matrix.py."""

from dealership.tests.matrix import Url

URLS: dict[str, Url] = {}
