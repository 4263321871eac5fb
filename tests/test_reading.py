"""Readings as JSON, also those that older versions kept, and readings page by page as one."""

from mnist_predict.reading import Box, Digit, Number, Reading, digits_of, merge_pages


def number(text: str, height: int, free: str | None = None) -> Number:
    digits = tuple(Digit(int(c), Box(20 * at, 0, 20, height), (0.1,) * 10) for at, c in enumerate(digits_of(text)))
    return Number(text, 0.9, 0, Box(0, 0, 20 * len(text), height), digits, free)


def page(*numbers: Number, advice: str = "", free: str | None = None) -> Reading:
    primary = max(range(len(numbers)), key=lambda at: numbers[at].prominence) if numbers else None
    return Reading(numbers, primary, (advice,) if advice else (), "v1", free)


def test_its_form_brings_it_back() -> None:
    one = page(number("4072", 30, free="4078"), number("7", 20), advice="Look again.", free="4078")
    assert Reading.from_dict(one.to_dict()) == one


def test_readings_of_older_versions_had_no_free_reading() -> None:
    form = page(number("4072", 30)).to_dict()
    for part in (form, *form["numbers"]):
        del part["free"]
    old = Reading.from_dict(form)
    assert (old.number, old.free, old.numbers[0].free) == ("4072", None, None)


def test_a_number_is_as_it_is_written_and_its_text_the_digits_alone() -> None:
    one = page(number("-3.65", 30))
    form = one.to_dict()
    assert (form["number"], form["written"]) == ("365", "-3.65")
    assert (form["numbers"][0]["text"], form["numbers"][0]["written"]) == ("365", "-3.65")
    assert Reading.from_dict(form) == one


def test_readings_of_older_versions_were_digits_alone() -> None:
    form = page(number("4072", 30)).to_dict()
    del form["written"], form["numbers"][0]["written"]
    assert Reading.from_dict(form).written == "4072"


def test_one_page_is_itself() -> None:
    one = page(number("7", 20))
    assert merge_pages([one]) is one


def test_pages_keep_their_order_and_the_most_prominent_number_is_primary() -> None:
    whole = merge_pages([page(number("7", 20), advice="small"), page(), page(number("12", 20), number("4072", 40))])
    assert [(one.text, one.page) for one in whole.numbers] == [("7", 0), ("12", 2), ("4072", 2)]
    assert (whole.number, whole.page, whole.advice) == ("4072", 2, ())


def test_a_number_that_fits_as_it_is_goes_before_a_larger_one_that_does_not() -> None:
    whole = merge_pages([page(number("4072", 60, free="4078"), free="4078"), page(number("12", 20))])
    assert (whole.number, whole.free, whole.page) == ("12", None, 1)


def test_pages_without_a_number_have_the_advice_of_the_first_or_of_what_does_not_fit() -> None:
    assert merge_pages([page(advice="one"), page(advice="two")]) == page(advice="one")
    unfit = page(advice="Nothing fits.", free="4072")
    assert merge_pages([page(advice="one"), unfit]) == unfit
