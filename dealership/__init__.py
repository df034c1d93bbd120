"""The project package and the ground every business app stands on."""

from dealership.celery import app as celery_app

__all__ = ["celery_app"]
