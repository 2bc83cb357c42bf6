"""Importing a file of customers, beside a `COPY` of what it wrote into the same tables.

The import is all of it, in a process of its own: the file on disk is read, checked, staged, applied and
committed. That process also says how much memory it took at most.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from benchmarks.measure import peak_mebibytes, report, report_limit, seconds
from benchmarks.processes import application_url
from benchmarks.tables import columns_of, empty

_FIRST = ("علی", "محمد رضا", "زهرا", "فاطمه", "حسین", "مريم", "امیر‌حسین", "سارا", "مهدی", "نرگس")
_LAST = ("احمدی", "محمدی", "رضايي", "کریمی", "حسینی", "موسوی", "جعفری", "صادقی", "کاظمی", "رحیمی", "نوری")
_FIRM = ("پخش", "بازرگانی", "صنایع", "داروخانه", "فروشگاه", "شرکت")
_TAGS = ("", "تهران", "تهران، عمده", "نمایندگان", "شیراز؛ خرده")


def run(rows: int, repeat: int) -> None:
    kinds: dict[str, list[float]] = {"new": [], "again": [], "changed": []}
    copies: dict[str, list[float]] = {"new": [], "changed": []}
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        path, changed = Path(folder) / "customers.csv", Path(folder) / "changed.csv"
        _write(path, rows)
        _write(changed, rows, name=" نو")
        for _turn in range(repeat):
            _empty()
            done = {"new": _import(path)}
            written = {"new": _dump()}
            done |= {"again": _import(path), "changed": _import(changed)}
            written["changed"] = _dump()
            assert [done[kind][counted] for kind, counted in _COUNTED] == [rows, rows, rows], done
            for kind, one in done.items():
                kinds[kind].append(one["seconds"])
                peaks.append(one["peak_mib"])
            _empty()
            copies["new"].append(_copy(written["new"]))
            copies["changed"].append(_update(written["changed"]))
        _empty()
    report("import from CSV, all new", rows, kinds["new"], copies["new"], 0.5)
    report("the same file again", rows, kinds["again"], copies["new"], 0.5)
    report("each row changed, or COPY and UPDATE", rows, kinds["changed"], copies["changed"], 0.5)
    report_limit("memory of the import, at its peak", max(peaks), 0, 300, "MiB")


_COUNTED = (("new", "created"), ("again", "unchanged"), ("changed", "updated"))


def _write(path: Path, rows: int, name: str = "") -> None:
    """Names in several spellings, numbers typed in four ways, a landline for one in three."""
    typed = ("0{}", "0{}", "0{}", "+98{}", "98{}", "{}")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("نام", "موبایل", "تلفن", "ایمیل", "شرکت", "شماره مشتری", "برچسب"))
        for n in range(rows):
            writer.writerow(
                (
                    f"{_FIRST[n % 10]} {_LAST[n // 10 % 11]} {_LAST[n // 110 % 11]}{name}",
                    typed[n % 6].format(9100000000 + n * 397),
                    f"021{22000000 + n * 7}" if n % 3 == 0 else "",
                    f"customer{n}@example{n % 50}.ir" if n % 2 == 0 else "",
                    f"{_FIRM[n % 6]} {_LAST[n % 11]} {n // 40}" if n % 4 == 0 else "",
                    f"C-{n:07}",
                    _TAGS[n % 5],
                )
            )


def _import(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.importing", str(path)],
        env={**os.environ, "DATABASE_URL": application_url()},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# What an import writes: the customers' numbers follow by the triggers, in both cases.
_WRITTEN = (
    "contacts_contact",
    "contacts_contactimport",
    "contacts_importedcustomers",
    "contacts_importchange",
)


def _dump() -> dict[str, tuple[str, list[bytes]]]:
    """Columns and rows of each of these tables, as `COPY` gives and takes them."""
    tables = {}
    with connection.cursor() as cursor:
        for table in _WRITTEN:
            columns = columns_of(table)
            with cursor.copy(f"COPY {table} ({columns}) TO STDOUT") as copy:
                tables[table] = columns, [bytes(block) for block in copy]
    return tables


def _copy(tables: dict[str, tuple[str, list[bytes]]]) -> float:
    """Seconds of `COPY` into the same tables, as empty as they were: with their indexes, triggers and
    constraints, in one transaction."""

    def copied() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table, (columns, blocks) in tables.items():
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for block in blocks:
                        copy.write(block)

    return seconds(copied)


def _update(tables: dict[str, tuple[str, list[bytes]]]) -> float:
    """Seconds of `COPY` into a temporary table, one UPDATE of all customers from it, and `COPY` of what they
    were before."""
    columns, blocks = tables["contacts_contact"]
    fields = [name for name in columns.split(", ") if name not in ("id", "mobile")]
    values = ", ".join(f"{name} = n.{name}" for name in fields)

    def updated() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE bench_new (LIKE contacts_contact) ON COMMIT DROP")
            with cursor.copy(f"COPY bench_new ({columns}) FROM STDIN") as copy:
                for block in blocks:
                    copy.write(block)
            cursor.execute(
                f"UPDATE contacts_contact c SET {values} FROM bench_new n WHERE n.mobile = c.mobile"
            )
        _copy({"contacts_importchange": tables["contacts_importchange"]})

    return seconds(updated)


def _empty() -> None:
    empty(
        "contacts_contact, contacts_number, contacts_restriction, contacts_contactimport,"
        " contacts_importedcustomers, contacts_importchange"
    )
    with connection.cursor() as cursor:
        # What is measured next does not write out what was before it.
        cursor.execute("CHECKPOINT")


def _child(path: Path) -> None:
    """What the command does, in this process, and what it took."""
    import django

    django.setup()
    from django.utils import timezone

    from contacts.actions.imports import import_file

    row: Any = None

    def imported() -> None:
        nonlocal row
        row = import_file(path=path, by=None, now=timezone.now())

    taken = seconds(imported)
    print(
        json.dumps(
            {"seconds": taken, "peak_mib": peak_mebibytes()}
            | {name: getattr(row, name) for _kind, name in _COUNTED}
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    _child(Path(sys.argv[1]))
