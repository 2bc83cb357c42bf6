"""The tests that must fail: by name, the quickest first. None of them draws its rows or races threads."""

from __future__ import annotations

from typing import Final


def named(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/messaging/{module}.py::test_{name}" for name in names)


def claims(*names: str) -> tuple[str, ...]:
    return named("dispatch/test_claim", *names)


RULES: Final = ("tests/policy/test_decide.py",)
INTENT: Final = claims("a_claim_writes_its_intent_with_the_rows")
OVERRIDES: Final = claims(
    "only_an_approved_override_of_the_same_content_lifts_and_never_for_promotion",
    "a_pending_override_holds_an_emergency_and_no_promotion",
)
ELSEWHERE: Final = claims("what_holds_another_message_or_channel_holds_nothing_here")
ENDED: Final = claims("a_lifted_pause_and_an_ended_outage_hold_nothing")
CLOSE: Final = claims("nothing_is_claimed_whose_answer_could_come_after_the_close")
TURNED_AWAY: Final = claims(
    "whoever_is_refused_now_is_turned_away_with_the_reason", "a_claim_that_turns_everybody_away_makes_no_call"
)
PURPOSE: Final = claims("what_a_customer_said_of_promotion_stops_nothing_else")
SHARED_CLAIM: Final = named(
    "evaluation/test_shared_numbers",
    "a_claim_goes_by_the_word_of_one_sharer_although_another_said_something_else",
)
SHARED_PLAN: Final = named(
    "evaluation/test_shared_numbers",
    "a_plan_goes_by_the_word_of_one_sharer_although_another_said_something_else",
)
SHARED_STOP: Final = named(
    "evaluation/test_shared_numbers", "a_refusal_stops_what_another_sharers_call_holds"
)
HELD_ROW: Final = claims("a_row_that_another_holds_is_passed_over_without_waiting")
RECORD: Final = ("tests/messaging/dispatch/test_record.py",)
STOP: Final = named(
    "actions/test_stop_contact",
    "opting_out_of_promotion_stops_what_waits_of_it_and_nothing_else",
    "a_refusal_judges_nobody_else_again",
    "refusing_everything_stops_every_purpose_and_counts_what_is_out_of_reach",
    "an_open_call_holds_promotion_and_its_end_releases_it",
    "an_approved_emergency_still_goes",
)
LOOSEN: Final = named(
    "actions/test_stop_contact",
    "an_open_call_holds_promotion_and_its_end_releases_it",
    "the_end_of_a_call_releases_what_waited_for_it_and_nothing_else",
    "the_end_of_a_call_releases_also_what_was_refused_meanwhile_past_the_action",
)
PUT_AWAY: Final = named(
    "actions/test_stop",
    "putting_away_takes_at_most_so_many_at_a_time",
    "putting_away_one_message_leaves_every_other_one_waiting",
    "a_cancelled_message_is_not_done_while_a_call_may_still_put_something_back",
)
RELEASE: Final = named(
    "actions/test_stop",
    "the_sweep_releases_only_holds_of_running_messages_that_no_call_keeps",
    "a_hold_that_an_ended_call_left_behind_is_released",
)
PLAN: Final = named(
    "audience/test_plan",
    "everybody_is_planned_by_their_own_word_and_as_foreseen",
    "the_lines_of_a_file_are_planned_as_foreseen_whatever_they_hold",
    "a_voice_message_is_planned_to_landlines_and_to_no_text",
    "a_number_of_a_file_is_planned_as_its_own_customers",
    "a_voice_message_to_everybody_is_planned_to_landlines",
)


def obstacle(name: str) -> tuple[str, ...]:
    return (*claims(f"nothing_is_claimed_while_something_holds_the_message[{name}]"), *INTENT)
