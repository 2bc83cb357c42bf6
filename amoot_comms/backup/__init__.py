"""Backups of the database: a `pg_dump` beside a manifest, which a restore is held against."""
