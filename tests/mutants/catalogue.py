"""The mutants, by statement: the conditions of what plans, sends, stops, releases and gives up.

Beside a condition stand the tests that must fail without it and with its opposite, the quickest first.
`tests/mutants/test_catalogue.py` holds that no condition of these statements is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.mutants.killers import (
    CLOSE,
    ELSEWHERE,
    ENDED,
    HELD_ROW,
    INTENT,
    LOOSEN,
    OVERRIDES,
    PLAN,
    PURPOSE,
    PUT_AWAY,
    RECORD,
    RELEASE,
    RULES,
    SHARED_CLAIM,
    SHARED_PLAN,
    SHARED_STOP,
    STOP,
    TURNED_AWAY,
    claims,
    named,
    obstacle,
)
from tests.mutants.mutant import Condition, Mutant, Statement, mutants_of


def restrictions(tests: tuple[str, ...], holds: tuple[str, ...]) -> tuple[Condition, ...]:
    """The OR over a number's restrictions (reading 10).

    A hold that is lost is FALSE and not their AND: a row that holds nothing refuses something, and what is
    refused of a promotion is no matter of a hold.
    """
    return (
        Condition("‹bool_or›(x.stops_all)", off="bool_and", turns=False, tests=tests),
        Condition("‹bool_or›(x.stops_promotional)", off="bool_and", turns=False, tests=tests),
        Condition("‹bool_or›(x.holds_promotional)", off="FALSE AND bool_or", turns=False, tests=holds),
    )


def gate() -> tuple[Condition, ...]:
    """Whether the whole message may go."""
    lifts = "m.purpose <> 'promotional' AND coalesce("
    return (
        Condition("(‹m.purpose <> 'promotional'› AND coalesce(", tests=OVERRIDES),
        Condition(lifts + "‹o.approved_at <= %(now)s›", tests=OVERRIDES),
        Condition("‹o.expires_at > %(now)s›", tests=OVERRIDES),
        Condition("AND ‹o.revoked_at IS NULL› AND o.content_hash", tests=OVERRIDES),
        Condition("‹o.content_hash = %(content_hash)s›", tests=OVERRIDES),
        Condition(
            "ON ‹o.message_id = m.id›",
            tests=(*claims("an_override_of_another_message_lifts_nothing_here"), *OVERRIDES),
        ),
        Condition("WHERE ‹m.id = %(message)s› AND m.status", tests=obstacle("pause")),
        Condition("‹m.status = 'running'›", tests=obstacle("status")),
        Condition("(‹m.scheduled_at IS NULL› OR", off="FALSE", tests=INTENT),
        Condition("OR ‹m.scheduled_at <= %(now)s›)", tests=obstacle("schedule")),
        Condition("(‹m.expires_at IS NULL› OR", off="FALSE", tests=INTENT),
        Condition("OR ‹m.expires_at > %(now)s›)", tests=obstacle("expiry")),
        Condition("(‹%(closes_at)s::timestamptz IS NULL› OR", off="FALSE", tests=INTENT),
        Condition("OR ‹%(now)s < %(closes_at)s›)", tests=CLOSE),
        Condition("NOT (‹o.id IS NOT NULL› AND m.purpose <> 'promotional' AND o.approved_at", tests=INTENT),
        Condition("‹m.purpose <> 'promotional'› AND o.approved_at IS NULL", tests=OVERRIDES[::-1]),
        Condition("‹o.approved_at IS NULL› AND o.revoked_at IS NULL)", tests=OVERRIDES),
        Condition("o.approved_at IS NULL AND ‹o.revoked_at IS NULL›)", tests=OVERRIDES),
        Condition("WHERE ‹s.message_id = m.id›", tests=ELSEWHERE),
        Condition("‹s.lifted_at IS NULL›", tests=ENDED),
        Condition("WHERE ‹x.channel_id = m.channel_id›", tests=ELSEWHERE),
        Condition("‹x.ended_at IS NULL›", tests=ENDED),
        Condition(
            "‹x.id IS DISTINCT FROM %(on_trial)s›",
            tests=claims("a_trial_passes_by_its_own_outage_and_no_other"),
        ),
        Condition(
            "‹FOR SHARE OF m›",
            off="",
            turns=False,
            tests=claims("a_claim_holds_its_message_against_a_stop_until_it_is_committed"),
        ),
    )


CLAIM_SQL: Final = Statement(
    "claim",
    "WITH gate AS MATERIALIZED",
    TURNED_AWAY,
    (
        *gate(),
        Condition("WHERE ‹d.message_id = %(message)s› AND d.state = 'queued'", tests=ELSEWHERE),
        Condition(
            "AND ‹d.state = 'queued'› AND d.not_before",
            tests=claims("what_is_not_due_yet_is_left_alone_and_the_oldest_goes_first"),
        ),
        Condition(
            "‹d.not_before <= %(now)s›",
            tests=claims("what_is_not_due_yet_is_left_alone_and_the_oldest_goes_first"),
        ),
        Condition(
            "‹(d.not_before, d.id) > (%(after_at)s::timestamptz, %(after_id)s)›",
            tests=claims("a_claim_goes_on_behind_the_front_of_the_one_before"),
        ),
        Condition(
            "AND ‹EXISTS (SELECT FROM gate)›",
            tests=(*claims("a_claim_holds_no_row_of_a_message_that_may_not_go"), *INTENT),
        ),
        Condition("‹LIMIT %(limit)s›", off="", turns=False, tests=INTENT),
        Condition("‹FOR UPDATE SKIP LOCKED›", off="", tests=HELD_ROW, turns=False),
        Condition("FOR UPDATE ‹SKIP LOCKED›", off="", tests=HELD_ROW, turns=False),
        Condition("WHEN ‹d.contact_id IS NULL› THEN", off="FALSE"),
        Condition("WHEN ‹r.stops_all› AND", off="FALSE", tests=TURNED_AWAY[::-1]),
        Condition("AND ‹NOT (gate.lifted)›", tests=OVERRIDES),
        Condition("WHEN ‹r.stops_promotional› AND", off="FALSE"),
        Condition("r.stops_promotional AND ‹gate.purpose = 'promotional'›", tests=PURPOSE),
        Condition("WHEN ‹r.holds_promotional› AND", off="FALSE"),
        Condition("r.holds_promotional AND ‹gate.purpose = 'promotional'›", tests=PURPOSE),
        Condition("ON ‹d.id = due.id›", tests=INTENT),
        *restrictions(SHARED_CLAIM, TURNED_AWAY),
        Condition("WHERE ‹x.address = d.address›"),
        Condition("WHERE ‹refusal IS NULL› AND hold IS NULL)"),
        Condition("WHERE refusal IS NULL AND ‹hold IS NULL›)"),
        Condition("WHERE ‹fit.n > 0›", tests=TURNED_AWAY[::-1]),
        *(
            Condition(place)
            for then in ("'sending'", "d.not_before", "(SELECT id FROM call)", "1 ELSE 0")
            for place in (
                f"WHEN ‹j.refusal IS NULL› AND j.hold IS NULL THEN {then}",
                f"WHEN j.refusal IS NULL AND ‹j.hold IS NULL› THEN {then}",
            )
        ),
        Condition("WHEN ‹j.refusal IS NULL› THEN 'queued'"),
        Condition("WHERE ‹d.id = j.id› RETURNING", tests=INTENT),
    ),
)

TIGHTEN_SQL: Final = Statement(
    "stop a customer's deliveries",
    "WITH waiting AS MATERIALIZED ( SELECT d.id",
    STOP,
    (
        Condition("WHERE ‹d.contact_id = ANY(%(people)s)›"),
        Condition("AND ‹d.address = ANY(%(numbers)s)›"),
        Condition("‹d.state = 'queued'› ORDER BY d.id"),
        Condition("WHEN ‹r.stops_all› AND", off="FALSE"),
        Condition("AND ‹NOT (m.id = ANY(%(lifted)s))›"),
        Condition("WHEN ‹r.stops_promotional› AND", off="FALSE"),
        Condition("r.stops_promotional AND ‹m.purpose = 'promotional'›"),
        Condition("WHEN ‹r.holds_promotional› AND", off="FALSE"),
        Condition("r.holds_promotional AND ‹m.purpose = 'promotional'›"),
        Condition("ON ‹d.id = waiting.id›"),
        Condition("ON ‹m.id = d.message_id›"),
        *restrictions(SHARED_STOP, STOP),
        Condition("WHERE ‹x.address = d.address›"),
        Condition("WHEN ‹j.refusal IS NULL› THEN 'queued'"),
        Condition("WHERE ‹d.id = j.id› AND d.state"),
        Condition("WHERE d.id = j.id AND ‹d.state = 'queued'›"),
        Condition("(‹j.refusal IS NOT NULL› OR", off="FALSE"),
        Condition("OR ‹d.reason <> j.hold›)"),
    ),
)

LOOSEN_SQL: Final = Statement(
    "release a customer's deliveries",
    "SET reason = '', not_before = %(now)s, updated_at = %(now)s WHERE d.contact_id = ANY(%(people)s)",
    LOOSEN,
    (
        Condition("WHERE ‹d.contact_id = ANY(%(people)s)›"),
        Condition("AND ‹d.address = ANY(%(numbers)s)›"),
        Condition("AND ‹d.state = 'queued'›"),
        Condition("AND ‹d.reason = 'voc_call_open'›"),
        Condition(
            "WHERE ‹x.address = d.address›",
            tests=(
                *LOOSEN,
                *named(
                    "evaluation/test_shared_numbers",
                    "an_open_call_holds_promotion_to_every_number_of_whoever_called",
                ),
            ),
        ),
        Condition("AND ‹x.holds_promotional›)"),
    ),
)

PUT_AWAY_SQL: Final = Statement(
    "sweep a stopped message",
    "WITH waiting AS MATERIALIZED ( SELECT id FROM messaging_delivery WHERE",
    PUT_AWAY,
    (
        Condition("WHERE ‹message_id = %(message)s›"),
        Condition("AND ‹state = 'queued'›"),
        Condition("‹LIMIT %(limit)s›", off="", turns=False),
        Condition("WHERE ‹d.id = w.id›"),
    ),
)

RELEASE_SQL: Final = Statement(
    "release whose call has ended",
    "WHERE d.message_id = ANY(%(messages)s)",
    RELEASE,
    (
        Condition("WHERE ‹d.message_id = ANY(%(messages)s)›"),
        Condition("AND ‹d.state = 'queued'›"),
        Condition("AND ‹d.not_before IS NULL›"),
        Condition("AND ‹d.reason = %(reason)s›"),
        Condition("WHERE ‹x.address = d.address›"),
        Condition("AND ‹x.holds_promotional›)"),
    ),
)

OUTCOMES_SQL: Final = Statement(
    "record an answer",
    "AS v(id, state, provider_id, status)",
    RECORD,
    (
        Condition("WHERE ‹d.id = v.id›"),
        Condition("AND ‹d.call_id = %(call)s›"),
        Condition("(‹d.state = 'sending'› OR", off="FALSE"),
        Condition("(‹d.state = 'unknown'› AND v.state"),
        Condition("AND ‹v.state = 'accepted'›))"),
    ),
)

REQUEUE_SQL: Final = Statement(
    "record what was not sent",
    "SET state = 'queued', call_id = NULL, reason = %(reason)s",
    RECORD,
    (
        Condition("WHERE ‹call_id = %(call)s›"),
        Condition("AND ‹state IN ('sending', 'unknown')›"),
    ),
)

TO_UNKNOWN_SQL: Final = Statement(
    "recover a lost call",
    "SET state = 'unknown', provider_status = %(status)s",
    RECORD,
    (Condition("WHERE ‹call_id = %(call)s›"), Condition("AND ‹state = 'sending'›")),
)

STATEMENTS: Final = (
    CLAIM_SQL,
    TIGHTEN_SQL,
    LOOSEN_SQL,
    PUT_AWAY_SQL,
    RELEASE_SQL,
    OUTCOMES_SQL,
    REQUEUE_SQL,
    TO_UNKNOWN_SQL,
)

# Django's own query, whose parameters stand by their place: a condition that goes leaves its parameter.
OVERDUE: Final = '"messaging_gatewaycall"."doubtful_at" < %s'
RECOVERY_SQL: Final = Statement(
    "find lost calls",
    OVERDUE,
    RECORD,
    (
        Condition(f"‹{OVERDUE}›", off="%s::timestamptz IS NOT NULL"),
        Condition('‹"messaging_gatewaycall"."outcome" = %s›', off="%s::text IS NOT NULL"),
    ),
)

_LANDLINE: Final = "NOT LIKE '+989_________'"


def _of_the_number(shared: tuple[str, ...] = SHARED_PLAN) -> tuple[Condition, ...]:
    """What restrictions of a number refuse and hold: purpose and override stand in the statement as literals,
    so that what is true of a message has its opposite alone."""
    return (
        Condition("WHEN ‹r.stops_all› AND", off="FALSE"),
        Condition("AND ‹NOT (TRUE)› THEN"),
        Condition("AND ‹NOT (FALSE)› THEN", off=None),
        Condition("WHEN ‹r.stops_promotional› AND", off="FALSE"),
        Condition("r.stops_promotional AND ‹'notification' = 'promotional'›"),
        Condition("r.stops_promotional AND ‹'survey' = 'promotional'›"),
        Condition("r.stops_promotional AND ‹'promotional' = 'promotional'›", off=None),
        Condition("WHEN ‹r.holds_promotional› AND", off="FALSE"),
        Condition("r.holds_promotional AND ‹'notification' = 'promotional'›"),
        Condition("r.holds_promotional AND ‹'survey' = 'promotional'›"),
        Condition("r.holds_promotional AND ‹'promotional' = 'promotional'›", off=None),
        *restrictions(shared, (*PLAN, *shared)),
    )


def _of_a_line() -> tuple[Condition, ...]:
    """Of a file's line."""
    return (
        Condition("WHEN ‹a.nth > 1› THEN", off="FALSE"),
        Condition("WHEN ‹a.address = ''› THEN", off="FALSE"),
        Condition(f"WHEN ‹a.address {_LANDLINE}› THEN", off="FALSE"),
        Condition("WHEN ‹c.id IS NULL› THEN", off="FALSE"),
        Condition("ON ‹r.address = a.address›"),
        Condition("WHERE ‹n.number = a.address›"),
        Condition("WHERE ‹message_id = %(file_of)s›"),
        Condition("WHEN ‹v.refusal IS NULL› THEN 'queued'"),
    )


_EVERYBODY: Final = named("audience/test_plan", "everybody_is_planned_by_their_own_word_and_as_foreseen")
_CUSTOMERS: Final = named(
    "evaluation/test_shared_numbers", "customers_are_foreseen_by_every_word_about_their_own_number"
)

PLAN_SQL: Final = Statement(
    "plan",
    "INSERT INTO messaging_delivery (message_id, contact_id, address, state",
    PLAN,
    (
        *_of_the_number(),
        *_of_a_line(),
        Condition(f"WHEN ‹c.address {_LANDLINE}› THEN", off="FALSE", tests=_EVERYBODY),
        # A customer without a number is refused by the database.
        Condition("WHEN ‹c.address = ''› THEN", off=None),
        Condition("ON ‹r.address = c.address›"),
        Condition("ON ‹k.id = n.contact_id›"),
        Condition("WHEN ‹v.refusal IS NULL› AND v.hold IS NULL THEN"),
        Condition("WHEN v.refusal IS NULL AND ‹v.hold IS NULL› THEN"),
    ),
)
PREVIEW_SQL: Final = Statement(
    "preview",
    "coalesce(v.refusal, v.hold, '') AS reason, count(*)",
    PLAN,
    # A preview asks whether a number has a customer, not which.
    (*_of_the_number(), *_of_a_line(), Condition("ON ‹k.id = n.contact_id›", off=None)),
)
CUSTOMERS_SQL: Final = Statement(
    "preview of customers",
    "coalesce(v.before, v.consent), v.hold, ARRAY[count(*)] FROM",
    (*PLAN, *_CUSTOMERS),
    (
        *_of_the_number(_CUSTOMERS),
        Condition("WHERE ‹c.address = ''›)", off=None),
        Condition(f"WHERE ‹c.address {_LANDLINE}›)", off="FALSE", tests=_EVERYBODY),
        Condition("WHEN ‹r.address = ''› THEN", off=None),
        Condition(f"WHEN ‹r.address {_LANDLINE}› THEN", off="FALSE", tests=_CUSTOMERS),
        Condition("ON ‹c.address = x.address›"),
    ),
)
# With how often each is built by the test of the catalogue: of customers, of a file, or both.
PLANNING: Final = {PLAN_SQL: 24, PREVIEW_SQL: 12, CUSTOMERS_SQL: 12}


def _removed(statement: Statement, place: str) -> str:
    return f"{statement.name}: {place} removed"


_PEOPLE: Final = "WHERE ‹d.contact_id = ANY(%(people)s)›"
_NUMBERS: Final = "AND ‹d.address = ANY(%(numbers)s)›"
_LOCKED: Final = "‹d.state = 'queued'› ORDER BY d.id"
_WRITTEN: Final = "WHERE d.id = j.id AND ‹d.state = 'queued'›"
_QUEUED: Final = "AND ‹d.state = 'queued'›"
_TIMELESS: Final = "AND ‹d.not_before IS NULL›"
_FOR_A_CALL: Final = "AND ‹d.reason = %(reason)s›"
_BY_NUMBER: Final = (
    "whoever a number's delivery names has or had it; by customer, the rows are found by their index"
)
_BY_REASON: Final = (
    "nothing but a waiting row has this reason; what waits is found by the index of waiting rows"
)

# The mutants that are right to live: each with what holds besides (both removed at once die), and why both
# stand.
HELD_TWICE: Final[dict[str, tuple[str, str]]] = {
    _removed(TIGHTEN_SQL, _PEOPLE): (_removed(TIGHTEN_SQL, _NUMBERS), _BY_NUMBER),
    _removed(TIGHTEN_SQL, _LOCKED): (
        _removed(TIGHTEN_SQL, _WRITTEN),
        "the rows that are locked for the judgement; what is in flight need not be waited for",
    ),
    _removed(TIGHTEN_SQL, _WRITTEN): (
        _removed(TIGHTEN_SQL, _LOCKED),
        "the write names the state that it moves from, as every move of a delivery does",
    ),
    _removed(LOOSEN_SQL, _PEOPLE): (_removed(LOOSEN_SQL, _NUMBERS), _BY_NUMBER),
    _removed(LOOSEN_SQL, _QUEUED): (_removed(LOOSEN_SQL, "AND ‹d.reason = 'voc_call_open'›"), _BY_REASON),
    _removed(RELEASE_SQL, _QUEUED): (_removed(RELEASE_SQL, _FOR_A_CALL), _BY_REASON),
    _removed(RELEASE_SQL, _TIMELESS): (_removed(RELEASE_SQL, _FOR_A_CALL), _BY_REASON),
    _removed(RELEASE_SQL, _FOR_A_CALL): (
        _removed(RELEASE_SQL, _TIMELESS),
        "today a row waits without a time for a call alone; the release names the hold that it ends",
    ),
}


def rule_mutants() -> Iterator[Mutant]:
    from messaging.policy.rules import RULES as TABLE

    for rule in TABLE:
        yield Mutant(f"rule {rule.name} switched off", RULES, rule=rule.name)


def all_mutants() -> list[Mutant]:
    """Each alone, and the pairs of those that are held twice."""
    statements = (*STATEMENTS, RECOVERY_SQL, *PLANNING)
    alone = [*rule_mutants(), *(mutant for statement in statements for mutant in mutants_of(statement))]
    by_name = {mutant.name: mutant for mutant in alone}
    pairs = {frozenset((name, other)) for name, (other, _why) in HELD_TWICE.items()}
    return [*alone, *(by_name[first] + by_name[second] for first, second in sorted(map(sorted, pairs)))]
