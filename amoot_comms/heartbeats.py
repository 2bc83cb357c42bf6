"""Celery's heartbeat files (`common/liveness.py`): of a worker's main loop, its tasks, and the beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import Celery, Task, bootsteps
from celery.beat import PersistentScheduler
from celery.signals import task_postrun, task_prerun

from common.liveness import begin_task, end_task, report_alive


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Reports from the worker's own event loop: one that hangs, or has no broker, reports nothing."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        name = worker_name(parent.hostname)
        report_alive(name)
        self._timer = parent.timer.call_repeatedly(2.0, report_alive, (name,), priority=10)

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Scheduler(PersistentScheduler):
    """The beat's: makes its folder where that is missing, and reports at each tick."""

    def setup_schedule(self) -> None:
        schedule: str = vars(self)["schedule_filename"]
        Path(schedule).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()

    def tick(self, *arguments: Any, **options: Any) -> Any:
        report_alive("beat")
        return super().tick(*arguments, **options)


def worker_name(hostname: str) -> str:
    """`worker` of `worker@machine`: the process's name in the Procfile."""
    return hostname.partition("@")[0]


def install(app: Celery) -> None:
    app.steps["worker"].add(WorkerHeartbeat)
    app.conf.beat_scheduler = f"{Scheduler.__module__}:{Scheduler.__name__}"


@task_prerun.connect
def _task_begins(task: Task, **_: Any) -> None:
    if task.request.hostname:
        begin_task(worker_name(task.request.hostname))


@task_postrun.connect
def _task_ended(task: Task, **_: Any) -> None:
    if task.request.hostname:
        end_task(worker_name(task.request.hostname))
