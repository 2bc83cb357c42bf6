"""Hours as people type them."""

import pytest
from django.core.exceptions import ValidationError

from channels.hours import check_intervals, parse_hours, week_of
from persian.digits import to_persian


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("08:00-22:00", [(480, 1320)]),
        ("۸:۰۰ تا ۲۲:۰۰", [(480, 1320)]),
        ("٨-٢٢", [(480, 1320)]),
        ("8 – 12، 16:30–22", [(480, 720), (990, 1320)]),
        ("00:00-24:00", [(0, 1440)]),
        ("22:00-02:00", [(1320, 1560)]),
        ("", []),
        (" , ", []),
    ],
)
def test_intervals_are_read_in_any_spelling(typed, minutes):
    assert parse_hours(typed) == minutes


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("morning", "no_interval"),
        ("8", "no_interval"),
        ("08:00-25:00", "no_such_time"),
        ("08:60-09:00", "no_such_time"),
        ("24:10-24:20", "no_such_time"),
        ("08:00-08:00", "empty_interval"),
        ("24:00-02:00", "empty_interval"),
    ],
)
def test_what_is_no_interval_is_refused_by_name(typed, code):
    with pytest.raises(ValidationError) as caught:
        parse_hours(typed)
    assert caught.value.code == code
    assert to_persian(typed[:5]) in caught.value.messages[0]


def test_an_interval_past_midnight_is_cut_there_also_on_sunday():
    assert week_of({6: [(1320, 1560)]}) == [(0, 0, 120), (6, 1320, 1440)]


def test_touching_intervals_are_fine_and_overlapping_ones_are_not():
    check_intervals([(0, 480, 720), (0, 720, 900), (1, 480, 720)])
    with pytest.raises(ValidationError, match="۱۱:۰۰"):
        check_intervals([(0, 480, 720), (0, 660, 900)])
