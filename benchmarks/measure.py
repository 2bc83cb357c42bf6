"""Medians of repeated runs, and one line a figure."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def report(name: str, rows: int, ours: list[float], baseline: list[float], reach: float) -> None:
    """Rows a second of both (medians), and ours as a share of the baseline's."""
    fast, base = rows / statistics.median(ours), rows / statistics.median(baseline)
    print(f"{name:<34} {fast:>10,.0f} rows/s   baseline {base:>10,.0f}", end="   ")
    print(f"ratio {fast / base:5.2f}   reach {reach}")
