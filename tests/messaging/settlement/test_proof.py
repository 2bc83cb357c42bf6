"""What records prove, over every small world: nobody's record is taken, and nobody is guessed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateways.base import RecipientOutcome, Result
from messaging.settlement.proof import ProofResult, judge

ids = st.sampled_from(["1", "2", "3", "4", ""])
outcomes = st.builds(RecipientOutcome, st.sampled_from([Result.ACCEPTED, Result.UNKNOWN]), ids)
some = st.lists(outcomes, max_size=5)
held = st.sets(ids)


@given(some, held, st.integers(0, 3), st.booleans())
def test_a_record_that_another_holds_is_never_taken(records, held, rivals, complete):
    verdict, outcome = judge(records, held=held, rivals=rivals, complete=complete)
    assert (outcome is not None) == (verdict is ProofResult.TAKEN)
    if outcome is not None:
        assert outcome.result is Result.ACCEPTED
        assert not outcome.provider_id or outcome.provider_id not in held


@given(some, held, st.integers(0, 3))
def test_absence_is_never_proven_by_an_incomplete_answer(records, held, rivals):
    assert judge(records, held=held, rivals=rivals, complete=False)[0] is not ProofResult.ABSENT


@given(some, held, st.booleans())
def test_a_further_rival_never_proves_more(records, held, complete):
    fewer = judge(records, held=held, rivals=0, complete=complete)[0]
    more = judge(records, held=held, rivals=1, complete=complete)[0]
    assert more in (fewer, ProofResult.OPEN)


@given(st.integers(1, 5), st.integers(0, 6))
def test_those_of_unknown_outcome_have_their_records_only_if_there_is_one_for_each(unknown, taken):
    """All of them, or none was taken, or nobody knows whose the records are."""
    records = [RecipientOutcome(Result.ACCEPTED, str(n + 1)) for n in range(taken)]
    theirs: set[str] = set()
    verdicts = []
    for _n in range(unknown):
        others = unknown - 1 - len(theirs)
        verdict, outcome = judge(records, held=theirs, rivals=others, complete=True)
        verdicts.append(verdict)
        if outcome is not None:
            theirs.add(outcome.provider_id)
    expected = ProofResult.TAKEN if taken >= unknown else ProofResult.OPEN if taken else ProofResult.ABSENT
    assert verdicts == [expected] * unknown
