"""Celery wakes; PostgreSQL knows. A task that is lost, doubled or late costs time, never a message.

So: no result backend, late acknowledgement, one task at a time a process, and rounds that expire, so that
they cannot pile up without end behind a worker that was away.
"""

from __future__ import annotations

import logging
import logging.config
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import import_modules, setup_logging, worker_init
from kombu import Queue

from amoot_comms import heartbeats
from common.enqueue import WAKE_SECONDS, enqueue
from common.media import MEDIA
from common.statement_timeout import limit_statements

if TYPE_CHECKING:
    from amoot_comms.duties import Duty

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")

# One queue a sending channel, so that a slow provider holds up its own messages only.
QUEUES = ("default", *(row.queue for row in MEDIA.values()))

app = Celery("amoot_comms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    task_default_queue="default",
    task_queues=[Queue(name) for name in QUEUES],
    worker_prefetch_multiplier=1,
    # A task that comes twice does no harm; a call whose answer is lost leaves its people unknown.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # A worker gives its memory back now and then; a turn is short, so nothing waits for it.
    worker_max_tasks_per_child=5_000,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=2,
    broker_transport_options={
        # A worker that was killed gives its task back after so many seconds; a turn is far shorter.
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        # A web request that wakes a worker must not wait for a broker that is away.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    },
    beat_schedule_filename=str(Path(__file__).resolve().parent.parent / "var" / "run" / "beat-schedule"),
    timezone="UTC",
)
heartbeats.install(app)
app.autodiscover_tasks()


@import_modules.connect(sender=app)
def _make_duties(**_: Any) -> None:
    """Tasks and schedule from the table. The signal comes once Django has its apps."""
    from amoot_comms.duties import DUTIES

    app.conf.beat_schedule = {}
    for duty in DUTIES:
        _make_task(duty)
        for arguments in duty.calls(MEDIA):
            app.conf.beat_schedule[" ".join((duty.name, *arguments))] = {
                "task": duty.name,
                "args": arguments,
                "schedule": timedelta(seconds=duty.every),
                "options": {
                    "expires": max(duty.every * 2, WAKE_SECONDS),
                    "queue": duty.queue or MEDIA[arguments[0]].queue,
                },
            }


def _make_task(duty: Duty) -> None:
    def take_turn(*arguments: str) -> None:
        if duty.act(*arguments) is True:
            enqueue(duty.name, *arguments, queue=duty.queue or MEDIA[arguments[0]].queue)

    app.task(name=duty.name, shared=False)(take_turn)


@worker_init.connect
def _limit_statements(**_: Any) -> None:
    limit_statements()


@setup_logging.connect
def _log_as_the_settings_say(**_: Any) -> None:
    """Keep Celery from installing handlers of its own: they would pass the mask by."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
    # Two lines a task and five tasks in two seconds tell nobody anything.
    for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)
