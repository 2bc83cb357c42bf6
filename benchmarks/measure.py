"""Medians of repeated runs, and one line a figure: ours, its baseline, the reach, met or not.

With `BENCH_FIGURES`, a file's path, each figure is appended to it as a line of JSON as well, for the
comparison of two commits (`benchmarks.against`).
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def report(name: str, rows: int, ours: list[float], baseline: list[float], reach: float) -> None:
    """Rows a second of both (medians of seconds), and ours as a share of the baseline's."""
    fast, base = rows / statistics.median(ours), rows / statistics.median(baseline)
    report_share(name, fast, base, reach)


def report_share(name: str, fast: float, base: float, reach: float, unit: str = "rows/s") -> None:
    """Two speeds, and ours as a share of the baseline's, which must be at least `reach`."""
    ratio = fast / base
    keep(name, fast, more_is_better=True)
    _line(name, f"{fast:,.0f} {unit}", f"{base:,.0f}", f"ratio {ratio:.2f}", f"≥ {reach}", ratio >= reach)


def report_growth(name: str, ours: float, base: float, reach: float, unit: str) -> None:
    """Two costs, and how many times the baseline's ours is, which must be at most `reach`."""
    ratio = ours / base
    keep(name, ours, more_is_better=False)
    _line(name, f"{ours:,.2f} {unit}", f"{base:,.2f}", f"ratio {ratio:.2f}", f"≤ {reach}", ratio <= reach)


def report_limit(name: str, ours: float, base: float, limit: float, unit: str) -> None:
    """A cost beside its baseline, held to a limit of its own."""
    keep(name, ours, more_is_better=False)
    _line(name, f"{ours:,.2f} {unit}", f"{base:,.2f}", "", f"< {limit:g} {unit}", ours < limit)


def keep(name: str, value: float, *, more_is_better: bool) -> None:
    """Append the figure to the file of `BENCH_FIGURES`, if there is one."""
    if path := os.environ.get("BENCH_FIGURES"):
        with Path(path).open("a") as lines:
            lines.write(json.dumps({"name": name, "value": value, "more_is_better": more_is_better}) + "\n")


def note(text: str) -> None:
    print(f"    {text}", flush=True)


def _line(name: str, ours: str, base: str, ratio: str, reach: str, is_met: bool) -> None:
    verdict = "met" if is_met else "MISSED"
    print(
        f"{name:<48} {ours:>18}   baseline {base:>10}   {ratio:<11} reach {reach:<10} {verdict}", flush=True
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def peak_mebibytes() -> float:
    """The most memory that this process ever held (VmHWM); 0 where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
