"""How much of it: `FAULTS_SCALE=ci` for a bounded run, otherwise everything in full.

`FAULTS_KILLS` and `FAULTS_PEOPLE` set the long campaign's own numbers.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """`kills` of workers in one campaign to `people`; the others are repetitions a test."""

    kills: int
    people: int
    deaths_a_point: int
    stops: int
    restarts: int
    seconds_of_terror: float


CI = Scale(kills=40, people=4_000, deaths_a_point=2, stops=4, restarts=1, seconds_of_terror=8)
FULL = Scale(kills=300, people=50_000, deaths_a_point=25, stops=40, restarts=4, seconds_of_terror=40)

SCALE = CI if os.environ.get("FAULTS_SCALE") == "ci" else FULL
SCALE = replace(
    SCALE,
    kills=int(os.environ.get("FAULTS_KILLS") or SCALE.kills),
    people=int(os.environ.get("FAULTS_PEOPLE") or SCALE.people),
)
