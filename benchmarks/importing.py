"""Importing a file of customers, beside a bare `COPY` of the same rows.

The import is all of it, in a process of its own: the file on disk is read, checked, staged, applied and
committed. That process also says how much memory it took at most.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import report, seconds

_FIRST = ("علی", "محمد رضا", "زهرا", "فاطمه", "حسین", "مريم", "امیر‌حسین", "سارا", "مهدی", "نرگس")
_LAST = ("احمدی", "محمدی", "رضايي", "کریمی", "حسینی", "موسوی", "جعفری", "صادقی", "کاظمی", "رحیمی", "نوری")
_FIRM = ("پخش", "بازرگانی", "صنایع", "داروخانه", "فروشگاه", "شرکت")
_TAGS = ("", "تهران", "تهران، عمده", "نمایندگان", "شیراز؛ خرده")


def run(rows: int, repeat: int) -> None:
    ours, again, baseline, peaks = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        _write(path, rows)
        for _turn in range(repeat):
            _empty()
            first, second = _import(path), _import(path)
            assert (first["created"], second["unchanged"]) == (rows, rows)
            ours.append(first["seconds"])
            again.append(second["seconds"])
            peaks.append(max(first["peak_mib"], second["peak_mib"]))
            baseline.append(_copy())
        _empty()
    report("import from CSV, all new", rows, ours, baseline, 0.15)
    report("the same file again", rows, again, baseline, 0.15)
    print(f"{'peak memory of the import':<34} {max(peaks):>10,.0f} MiB   reach 300 MiB")


def _write(path: Path, rows: int) -> None:
    """Names in several spellings, numbers typed in four ways, a landline for one in three."""
    typed = ("0{}", "0{}", "0{}", "+98{}", "98{}", "{}")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("نام", "موبایل", "تلفن", "ایمیل", "شرکت", "شماره مشتری", "برچسب"))
        for n in range(rows):
            writer.writerow(
                (
                    f"{_FIRST[n % 10]} {_LAST[n // 10 % 11]} {_LAST[n // 110 % 11]}",
                    typed[n % 6].format(9100000000 + n * 397),
                    f"021{22000000 + n * 7}" if n % 3 == 0 else "",
                    f"customer{n}@example{n % 50}.ir" if n % 2 == 0 else "",
                    f"{_FIRM[n % 6]} {_LAST[n % 11]} {n // 40}" if n % 4 == 0 else "",
                    f"C-{n:07}",
                    _TAGS[n % 5],
                )
            )


def _import(path: Path) -> dict[str, Any]:
    from benchmarks.processes import application_url

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.importing", str(path)],
        env={**os.environ, "DATABASE_URL": application_url()},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _copy() -> float:
    """The rows as they were stored, through `COPY` into a table without indexes, keys or checks."""
    from django.db import connection, transaction

    columns = "name, company, customer_no, email, mobile, phone, tags"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, company, customer_no, email, mobile, phone, tags::text FROM contacts_contact"
        )
        stored = cursor.fetchall()
        cursor.execute("DROP TABLE IF EXISTS bench_contact")
        cursor.execute(
            "CREATE TABLE bench_contact (name varchar, company varchar, customer_no varchar, email varchar,"
            " mobile varchar, phone varchar, tags varchar[])"
        )

    def copied() -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY bench_contact ({columns}) FROM STDIN") as copy,
        ):
            for row in stored:
                copy.write_row(row)

    taken = seconds(copied)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_contact")
    return taken


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "TRUNCATE contacts_contact, contacts_number, contacts_restriction, contacts_contactimport,"
            " contacts_importedcustomers, contacts_importchange CASCADE"
        )
        cursor.execute("SET session_replication_role = origin")


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
            {"seconds": taken, "peak_mib": _peak_mib(), "created": row.created, "unchanged": row.unchanged}
        )
    )


def _peak_mib() -> float:
    """Of this program alone: what `getrusage` gives includes the parent's size before the start."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    _child(Path(sys.argv[1]))
