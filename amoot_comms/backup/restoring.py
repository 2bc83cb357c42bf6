"""Restores a backup into an empty database, and proves that all of it is there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from amoot_comms.backup import manifest as about
from amoot_comms.backup.programs import BackupError, program, run, server_version
from audit.actions import record
from audit.signing import public_keys
from audit.verifying import verify_trail
from channels.actions import declare_outage
from channels.models import Channel
from staff.cli import user_named
from staff.models import User


def restore(folder: Path, *, by: str, with_other_keys: bool, now: datetime) -> about.Manifest:
    """Restore `folder` into the connection's database, which must be empty; its manifest.

    1. The dump's SHA-256, the keys, the versions and the migrations are checked: nothing is written yet.
    2. The dump is restored whole or not at all.
    3. Every table's rows, the chain's head and the migrations are compared with the manifest.
    4. What this code has migrated since is migrated, and the audit chain is walked.
    5. Sending is held: `by` declares an outage of every channel, ended by hand once somebody has looked.

    Raises BackupError.
    """
    manifest = about.read(folder)
    _refuse_unfit(manifest, with_other_keys=with_other_keys)
    pg_restore = program("pg_restore", at_least=manifest.program)
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    name = str(connection.settings_dict["NAME"])
    run(pg_restore, [*options, f"--dbname={name}", str(folder / about.DUMP)], connection)
    _compare(manifest)
    call_command("migrate", interactive=False, verbosity=0)
    _walk_the_chain(now)
    _hold_sending(manifest, by=by, now=now)
    return manifest


def _refuse_unfit(manifest: about.Manifest, *, with_other_keys: bool) -> None:
    there = about.count_tables(connection)
    if there:
        raise BackupError(
            f"The database {connection.settings_dict['NAME']!r} is not empty: it has {len(there)} tables."
            " A backup is restored into a new database only (createdb)."
        )
    here = server_version(connection)
    if int(here.split(".")[0]) < int(manifest.server.split(".")[0]):
        raise BackupError(f"The backup is of PostgreSQL {manifest.server}, and this server is older: {here}.")
    unknown = sorted(set(manifest.migrations) - _known_migrations())
    if unknown:
        raise BackupError(
            f"The backup is of a newer portal: this one does not know {len(unknown)} of its migrations,"
            f" such as {unknown[0]}. Restore with the version that made it, or a newer one."
        )
    missing = about.missing_keys(manifest)
    if missing and not with_other_keys:
        raise BackupError(
            f"{', '.join(missing)}: not what the backup was made with, so what is encrypted or signed with"
            " it could not be read or verified. Set the old ones (they are backed up apart), or go on"
            " without them by --with-other-keys."
        )


def _known_migrations() -> set[str]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    replaced = {
        f"{app}.{name}" for migration in loader.disk_migrations.values() for app, name in migration.replaces
    }
    return known | replaced


def _compare(manifest: about.Manifest) -> None:
    """Raises BackupError for the first difference between what was restored and what was backed up."""
    found = about.count_tables(connection)
    for table in sorted(manifest.tables.keys() | found.keys()):
        wanted, there = manifest.tables.get(table), found.get(table)
        if wanted != there:
            raise BackupError(f"Table {table}: {there} rows were restored, {wanted} were backed up.")
    if about.chain_head(connection) != manifest.chain:
        raise BackupError("The audit chain's head is not the one that was backed up.")
    if about.applied_migrations(connection) != manifest.migrations:
        raise BackupError("The migrations are not those that were backed up.")


def _walk_the_chain(now: datetime) -> None:
    # The file of heads may know of later seals than the backup: docs/backup.md has the step for it.
    fault = verify_trail(now=now, keys=public_keys(), file=None, history=settings.DEMO).fault
    # What waited for its seal when the backup was made is old by now: the next seal takes it.
    if fault is not None and fault.kind != "unsealed":
        raise BackupError(f"The audit trail of the backup does not hold: {fault.detail}.")


def _hold_sending(manifest: about.Manifest, *, by: str, now: datetime) -> None:
    """What waited at the time of the backup may have been sent since, and who got it may have refused."""
    try:
        user = user_named(by)
    except CommandError as error:
        raise BackupError(f"Everything is restored, but nobody held sending: {error}") from error
    reason = _(
        "Restored from the backup of %(made_at)s: what was sent and who refused since then is not known."
    ) % {"made_at": manifest.made_at}
    with transaction.atomic():
        record(
            by=user,
            action="backup.restored",
            object_type="database",
            data={"made_at": manifest.made_at, "sha256": manifest.sha256, "links": manifest.chain["links"]},
            now=now,
        )
        for channel in Channel.objects.sending():
            _declare(channel, reason, user, now)


def _declare(channel: Channel, reason: str, by: User, now: datetime) -> None:
    try:
        with transaction.atomic():
            declare_outage(channel=channel, reason=reason, by=by, now=now)
    except PermissionDenied as error:
        raise BackupError(f"{by.username} may not declare outages, which hold sending.") from error
    except ValidationError:
        return  # declared already when the backup was made
