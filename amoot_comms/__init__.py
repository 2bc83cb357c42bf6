"""The project. Celery's application is loaded with it, so that `shared_task` finds it in every process."""

from amoot_comms.celery import app as celery_app

__all__ = ["celery_app"]
