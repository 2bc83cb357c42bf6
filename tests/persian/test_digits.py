from hypothesis import given
from hypothesis import strategies as st

from persian.digits import grouped, to_ascii, to_persian


def test_persian_and_arabic_digits_become_ascii():
    assert to_ascii("۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩ abc") == "0123456789 0123456789 abc"


def test_every_digit_becomes_persian():
    assert to_persian("12:٣۰") == "۱۲:۳۰"
    assert to_persian(1405) == "۱۴۰۵"


def test_big_numbers_are_grouped_as_persian_writes_them():
    assert grouped(0) == "۰"
    assert grouped(999) == "۹۹۹"
    assert grouped(12406) == "۱۲٬۴۰۶"
    assert grouped(-1234567) == "-۱٬۲۳۴٬۵۶۷"
    assert grouped(1234.5, 1) == "۱٬۲۳۴٫۵"


@given(st.integers())
def test_a_number_survives_the_way_to_persian_and_back(number):
    assert int(to_ascii(to_persian(number))) == number
    assert int(to_ascii(grouped(number)).replace("٬", "")) == number
