"""What records prove, over every small world: nobody's record is taken twice, and the sum is right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from messaging.dispatch.proof import Verdict, judge
from messaging.gateways.base import RecipientOutcome, Result

ids = st.sampled_from(["1", "2", "3", "4", ""])
outcomes = st.builds(RecipientOutcome, st.sampled_from([Result.ACCEPTED, Result.UNKNOWN]), ids)
some = st.lists(outcomes, max_size=5)
held = st.sets(ids)


@given(some, held, st.integers(0, 3), st.booleans())
def test_a_record_that_another_holds_is_never_taken(records, held, rivals, complete):
    verdict, outcome = judge(records, held=held, rivals=rivals, complete=complete)
    assert (outcome is not None) == (verdict is Verdict.TAKEN)
    if outcome is not None:
        assert outcome.result is Result.ACCEPTED
        assert not outcome.provider_id or outcome.provider_id not in held


@given(some, held, st.integers(0, 3))
def test_absence_is_never_proven_by_an_incomplete_answer(records, held, rivals):
    assert judge(records, held=held, rivals=rivals, complete=False)[0] is not Verdict.ABSENT


@given(some, held, st.booleans())
def test_a_further_rival_never_proves_more(records, held, complete):
    fewer = judge(records, held=held, rivals=0, complete=complete)[0]
    more = judge(records, held=held, rivals=1, complete=complete)[0]
    assert more in (fewer, Verdict.OPEN)


@given(st.integers(0, 5), st.integers(0, 5))
def test_calls_in_doubt_share_the_records_so_that_each_is_sent_as_often_as_it_is_owed(doubts, taken):
    """Of n deliveries and m records exactly min(n, m) are taken, and the rest absent."""
    records = [RecipientOutcome(Result.ACCEPTED, str(n + 1)) for n in range(taken)]
    theirs: set[str] = set()
    verdicts = []
    for _n in range(doubts):
        verdict, outcome = judge(records, held=theirs, rivals=0, complete=True)
        verdicts.append(verdict)
        if outcome is not None:
            theirs.add(outcome.provider_id)
    assert verdicts.count(Verdict.TAKEN) == min(doubts, taken)
    assert verdicts.count(Verdict.ABSENT) == max(doubts - taken, 0)
