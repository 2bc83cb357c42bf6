"""The portal's settings with django-post_office installed: for the benchmark's own process and database."""

from amoot_comms.settings import *  # noqa: F403
from amoot_comms.settings import INSTALLED_APPS as _PRODUCT

INSTALLED_APPS = [*_PRODUCT, "post_office"]

EMAIL_BACKEND = "post_office.EmailBackend"
POST_OFFICE = {
    "BACKENDS": {"default": "benchmarks.mail_backend.GatewayBackend"},
    # Larger batches cost it fewer pools of processes; more threads than this only wait for one another.
    "BATCH_SIZE": 5_000,
    "THREADS_PER_PROCESS": 8,
    "LOG_LEVEL": 0,
    "CELERY_ENABLED": False,
    "MAX_RETRIES": 0,
}
