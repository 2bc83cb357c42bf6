"""What the application may do in the database: the one table, applied by `migrate`.

Every table may be read. A table that is not named here may not even be read: the test of the catalogue
(`tests/architecture/test_grants.py`) fails until it stands here. Nothing is granted that would pass the
guards by: no TRUNCATE, no DDL, no owner's rights.

What only the migrations write (permissions, groups) or only triggers (numbers and restrictions of
customers) is read here alone. `SELECT … FOR UPDATE` and `FOR SHARE` need a column that may be updated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Grant:
    """`update`: the columns that may be updated; a table that anybody's request fills names all of them."""

    insert: bool = False
    update: frozenset[str] = frozenset()
    delete: bool = False


def _columns(words: str) -> frozenset[str]:
    return frozenset(words.split())


READ: Final = Grant()
# Rows are added, never changed.
APPEND: Final = Grant(insert=True)


def _grows(update: str = "") -> Grant:
    """Rows are added, and some columns of them move."""
    return Grant(insert=True, update=_columns(update))


def _free(update: str = "") -> Grant:
    return Grant(insert=True, update=_columns(update), delete=True)


_OF_DJANGO: Final = {
    "auth_group": READ,
    "auth_group_permissions": READ,
    "auth_permission": READ,
    "django_admin_log": APPEND,
    "django_content_type": READ,
    "django_migrations": READ,
    "django_session": _free("session_data expire_date"),
    "portal_cache": _free("value expires"),
}

_OF_SIGN_IN: Final = {
    "account_emailaddress": _free("user_id email verified primary"),
    "account_emailconfirmation": _free("email_address_id created sent key"),
    "axes_accessattempt": _free(
        "user_agent ip_address username http_accept path_info attempt_time get_data post_data"
        " failures_since_start"
    ),
    "axes_accessattemptexpiration": _free("expires_at"),
    "axes_accessfailurelog": _free(),
    "axes_accesslog": _free("logout_time"),
    "mfa_authenticator": _free("user_id type data created_at last_used_at"),
    "usersessions_usersession": _free("user_id created_at ip last_seen_at session_key user_agent data"),
}

_OF_THE_AUDIT: Final = {
    "audit_entry": APPEND,
    "audit_link": APPEND,
    "audit_seal": APPEND,
    "audit_verification": _grows("told_at"),
}

_OF_STAFF: Final = {
    "staff_department": _grows("code name name_en manager_id"),
    "staff_employee": _grows(
        "user_id first_name last_name job_title department_id direct_manager_id extension email"
        " hired_on left_on"
    ),
    "staff_holiday": _grows("name name_en source by_id at removed_by_id removed_at"),
    "staff_holidayyear": APPEND,
    "staff_outgoingmail": _grows("content state tries last_error next_try_at finished_at"),
    # Django and allauth write the whole row with a new password.
    "staff_user": _grows(
        "password last_login is_superuser username first_name last_name email is_staff is_active date_joined"
        " session_epoch"
    ),
    "staff_user_groups": Grant(insert=True, delete=True),
    "staff_user_user_permissions": READ,
}

_OF_CHANNELS: Final = {
    "channels_channel": _grows("name name_en address owner_id usage_rule usage_rule_en is_active"),
    "channels_outage": _grows("ended_at ended_by_id told_at end_told_at next_probe_at trials"),
    "channels_sendingwindow": Grant(insert=True, delete=True),
    "channels_windowschange": _grows("told_at"),
}

_OF_CONTACTS: Final = {
    "contacts_consententry": APPEND,
    "contacts_contact": _grows(
        "name company customer_no email mobile phone tags search_text no_promotional no_messages"
        " voc_call_open updated_at"
    ),
    "contacts_contactimport": _free(
        "finished_at status attempts tried_at rows created updated unchanged refused error header"
    ),
    # Written by triggers of the customers' table, which run as the owner.
    "contacts_number": READ,
    "contacts_restriction": READ,
    "contacts_importchange": APPEND,
    "contacts_importedcustomers": APPEND,
    "contacts_optoutcall": _grows(
        "taken_by_id taken_at pressed_at attempts next_try_at late_at escalated_at outcome closed_at"
        " closed_by_id"
    ),
    "contacts_callstep": APPEND,
    "contacts_dutyday": _grows("ended_at ended_by_id"),
    "contacts_dutyfallback": Grant(insert=True, delete=True),
    "contacts_dutyshift": _grows("ended_at ended_by_id"),
    "contacts_lookup": APPEND,
    "contacts_writtenword": _grows("restricts sorted_at sorted_by_id decided_at decided_by_id outcome note"),
    "contacts_refusedrow": Grant(insert=True, delete=True),
    "contacts_searchword": Grant(insert=True, delete=True),
}

_OF_MESSAGING: Final = {
    "messaging_audiencemember": APPEND,
    "messaging_breach": APPEND,
    "messaging_comparison": _grows(
        "state finished_at listed shadow outside_hours sent_late unsent unreadable error"
    ),
    "messaging_decideddelivery": APPEND,
    "messaging_delivery": _grows(
        "call_id state reason not_before attempts provider_id provider_status updated_at"
    ),
    "messaging_doubtdecision": APPEND,
    "messaging_failurecount": _grows("failures first_failed_at last_failed_at"),
    "messaging_gatewaycall": _grows(
        "finished_at outcome campaign_id error answer settle_rounds settle_said settle_due_at"
        " settle_given_up_at latency_ms report_due_at report_rounds stop_due_at stopped_at"
        " first_provider_id last_provider_id"
    ),
    "messaging_inboundcursor": _grows("due_at compare_due_at compared_until"),
    "messaging_inboundmessage": _grows("judged_at"),
    "messaging_linebudget": _grows("tokens filled_at"),
    "messaging_message": _grows("status planned_at finished_at audio_id"),
    "messaging_messageprogress": _grows("counts counted_at count_ms wanted_at after_end"),
    "messaging_messagestop": _grows("lifted_at lifted_by_id"),
    # An override is asked for and approved by no action yet.
    "messaging_override": READ,
    "messaging_providercallback": _free("handled_at note"),
    "messaging_unreadableinbound": APPEND,
    "messaging_workerbeat": _free(
        "channels started_at seen_at clock_difference_ms sent calls failures last_error failed_at"
    ),
}

GRANTS: Final[dict[str, Grant]] = {
    **_OF_DJANGO,
    **_OF_SIGN_IN,
    **_OF_THE_AUDIT,
    **_OF_STAFF,
    **_OF_CHANNELS,
    **_OF_CONTACTS,
    **_OF_MESSAGING,
}

# Numbers drawn by name (USAGE); every other table's are drawn by its INSERT.
SEQUENCES: Final = frozenset({"messaging_doubtdecision_id_seq"})
