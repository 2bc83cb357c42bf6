"""Time-outs and pauses that no rule and no provider's document sets, for all who share them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# Work that somebody took and did not finish within this is another worker's.
ABANDONED_AFTER: Final = timedelta(minutes=1)
# The pause before a provider that gave no answer is asked again.
UNANSWERED_PAUSE: Final = timedelta(minutes=1)
# The pause before a provider is asked again that refuses for now, and does not say until when.
REFUSED_PAUSE: Final = timedelta(minutes=15)
# Work not done by then is given up: a mail not sent, a preview not confirmed, a campaign
# not stopped, a worker not seen.
GIVEN_UP_AFTER: Final = timedelta(days=1)
# How far back what was missed is caught up, or still shown: a provider or the workers were away.
CATCH_UP: Final = timedelta(days=7)
# A gateway that is away is asked again within this; one that comes and goes is reported once in it.
OUTAGE_PAUSE: Final = timedelta(minutes=10)
# Older news of an outage is told to nobody.
WORTH_TELLING: Final = timedelta(hours=1)
# A request and the provider's record of it lie at most so far apart, by clocks that are nearly right; and
# however wrong one is, where the record is known by its id or is waited for.
REQUEST_TO_RECORD: Final = timedelta(minutes=10)
REQUEST_TO_LATE_RECORD: Final = timedelta(hours=6)
# Seconds of one turn of a duty; a worker that is told to stop waits for its end.
PUMP_TURN: Final = 5.0
REPORTS_TURN: Final = 3.0
ASKING_TURN: Final = 20.0
# Seconds of one question about reports: fewer than `GATEWAY_TIMEOUT_SECONDS`, or a provider that hangs
# holds up the tasks behind it.
QUESTION: Final = 8.0
# Seconds for which a provider's answer is kept in memory while the database is away.
DATABASE_AWAY: Final = 30.0
# The most seconds until a duty that failed is tried again: soon, and no load where it fails for good.
AFTER_ERROR: Final = 300
