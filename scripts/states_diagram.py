"""Write docs/states.md from the tables of moves in messaging/states.py; `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "states.md"

sys.path.insert(0, str(ROOT))

from messaging.states import DELIVERY_MOVES, MESSAGE_MOVES, DeliveryState, MessageStatus  # noqa: E402


def diagram(moves: Mapping[Any, frozenset[Any]], first: str) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for old, news in moves.items():
        lines += [f"    {old} --> {new}" for new in sorted(news)] or [f"    {old} --> [*]"]
    return "\n".join([*lines, "```"])


def page() -> str:
    return f"""# States

Generated from `messaging/states.py` by `scripts/states_diagram.py`; do not edit. The database refuses
every other move by triggers made from the same tables.

## A message

A message is planned once (`submitted` to `running`), and ends when nothing of it waits, is under way or
unknown. What holds a whole message (hours, outage, approval, schedule) is not a state: the policy says
it, on the facts of the moment (docs/adr/0005).

{diagram(MESSAGE_MOVES, MessageStatus.SUBMITTED)}

## A delivery

One recipient of one message. *Held* is not a state: it is `queued` with a reason, and without a
`not_before` where an event must release it. `unknown` is left only by the provider's word, or by a
person's.

{diagram(DELIVERY_MOVES, DeliveryState.QUEUED)}
"""


def main() -> int:
    if "--check" in sys.argv[1:]:
        if not TARGET.is_file() or TARGET.read_text("utf-8") != page():
            sys.stderr.write("docs/states.md is stale; run: python scripts/states_diagram.py\n")
            return 1
        return 0
    TARGET.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
