"""Two commits measured in turns: does what was built since cost the dispatch anything?

The other commit is checked out into a folder of its own, with services of its own, and run with this work
tree's packages. One run of each at a time, the order turned round every turn, so that what else the machine
does meets both. What counts is the median of the turns' ratios.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = "plan,dispatch,claim,opt-out"
REACH = 0.95
# How figures are kept must be the same on both sides. These files ask nothing of the product that changed.
SHARED = ("benchmarks/measure.py", "benchmarks/optouts.py")
# Figures of a single run that are a limit or an extreme, and say nothing of one commit beside another.
LEFT_OUT = ("99 in 100", "sent after")

Figures = dict[str, tuple[float, bool]]


def compare(commit: str, turns: int, rows: int, parts: str = "") -> int:
    """Print each figure of both, and the ratio new to old (above 1: better now). Returns 1 if one misses."""
    with tempfile.TemporaryDirectory(prefix="amoot-bench-") as directory, ExitStack() as stack:
        folder = Path(directory)
        old = stack.enter_context(_checked_out(commit, folder / "old"))
        runs: dict[Path, list[Figures]] = {old: [], ROOT: []}
        for turn in range(turns):
            for tree in (old, ROOT) if turn % 2 == 0 else (ROOT, old):
                runs[tree].append(_run(tree, folder / "figures.jsonl", rows, parts or PARTS))
            print(f"turn {turn + 1} of {turns}", flush=True)
    return _tell(commit, runs[ROOT], runs[old])


@contextmanager
def _checked_out(commit: str, folder: Path) -> Iterator[Path]:
    git = shutil.which("git") or "git"
    subprocess.run([git, "worktree", "add", "--quiet", "--detach", folder, commit], cwd=ROOT, check=True)
    try:
        for name in SHARED:
            shutil.copyfile(ROOT / name, folder / name)
        yield folder
    finally:
        subprocess.run([git, "worktree", "remove", "--force", folder], cwd=ROOT, check=True)


def _run(tree: Path, figures: Path, rows: int, parts: str) -> Figures:
    figures.write_text("")
    sizes = ["--quick", "--rows", str(rows), "--repeat", "1"]
    # Services of its own each: none is handed down.
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *sizes, "--only", parts],
        cwd=tree,
        env={**environment, "BENCH_FIGURES": str(figures)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    lines = [json.loads(line) for line in figures.read_text().splitlines()]
    return {line["name"]: (line["value"], line["more_is_better"]) for line in lines}


def _tell(commit: str, new: Sequence[Figures], old: Sequence[Figures]) -> int:
    missed = 0
    for name, (_value, more_is_better) in new[0].items():
        if any(part in name for part in LEFT_OUT):
            continue
        if not all(name in run for run in (*new, *old)):
            print(f"{name:<48} not in every run")
            missed += 1
            continue
        ratios = [_ratio(now, before, name) for now, before in zip(new, old, strict=True)]
        ratio = statistics.median(ratios)
        is_met = ratio >= REACH
        missed += not is_met
        unit = "rows/s" if more_is_better else "cost"
        print(
            f"{name:<48} {_median(new, name):>12,.4g} {unit}   at {commit} {_median(old, name):>12,.4g}"
            f"   ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            f"   reach ≥ {REACH}   {'met' if is_met else 'MISSED'}"
        )
    return 1 if missed else 0


def _ratio(new: Mapping[str, tuple[float, bool]], old: Mapping[str, tuple[float, bool]], name: str) -> float:
    value, more_is_better = new[name]
    return value / old[name][0] if more_is_better else old[name][0] / value


def _median(runs: Sequence[Figures], name: str) -> float:
    return statistics.median(run[name][0] for run in runs)
