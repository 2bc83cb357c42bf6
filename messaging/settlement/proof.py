"""What the provider's own records prove about one recipient of unknown outcome. Pure.

Two messages may carry the same text to the same number. A record whose id another delivery holds is that
delivery's. Of those that are nobody's as many are left aside as there are others who may own one without
an id to show (`rivals`): a call under way, another one unknown, or what a person decided without the
provider's word (docs/adr/0014).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

from gateways.base import RecipientOutcome, Result


class Obstacle(StrEnum):
    """Why the provider's word did not end an unknown outcome."""

    NO_CAMPAIGN = "no_campaign"  # the answer that was lost held the id by which alone it can be asked
    CANNOT_ASK = "cannot_ask"  # the provider has no such question
    UNREACHABLE = "unreachable"  # no connection, or the provider is stopped
    REFUSED = "refused"  # reached, and it does not answer this question: the access does not allow it
    NO_ANSWER = "no_answer"  # no answer, or one that makes no sense
    INCOMPLETE = "incomplete"  # answered, but not so that absence is proven
    SHARED = "shared"  # the same text went to the same number by another message as well
    PARTLY = "partly"  # some of the call were found just now: the others may come yet
    CLOCK = "clock"  # the provider's clock is not ours: the period asked for is not the one meant


class ProofResult(StrEnum):
    TAKEN = "taken"
    ABSENT = "absent"
    OPEN = "open"


# With what no further question can change.
HOPELESS: Final = frozenset({Obstacle.NO_CAMPAIGN, Obstacle.CANNOT_ASK})


def judge(
    records: Sequence[RecipientOutcome], *, held: Collection[str], rivals: int, complete: bool
) -> tuple[ProofResult, RecipientOutcome | None]:
    """The verdict on one recipient, with the record that proves it.

    `records` are the provider's rows that may be this recipient's, `held` the ids that other deliveries
    to this number hold, `rivals` how many others may own one of the rest.
    """
    free = [one for one in records if not one.provider_id or one.provider_id not in held]
    sure = [one for one in free if one.result is Result.ACCEPTED]
    if len(sure) > rivals:
        return ProofResult.TAKEN, sure[0]
    if not free and complete:
        return ProofResult.ABSENT, None
    return ProofResult.OPEN, None
