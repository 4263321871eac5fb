"""The figures that are made of counts."""

from datetime import date, timedelta

from stats_examples import upload

from mnist_predict.stats.figures import Figures, drift
from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.stats.tally import Counts, add, of_label

MONDAY = date(2026, 11, 23)


def test_of_nothing_there_is_no_figure() -> None:
    figures = Figures.of({}, MONDAY, MONDAY)
    assert figures.accuracy is None
    assert set(drift(figures.whole).values()) == {None}
    form = figures.to_dict()
    assert (form["readings"], form["sample"]["accuracy"]) == (0, None)
    assert form["days"] == [{"day": "2026-11-23", "readings": 0, "no_number": 0}]


def test_weeks_begin_on_monday_and_add_up() -> None:
    days = {MONDAY + timedelta(days=n): {"readings": 10 + n, "none": 1, "confidence": 5.0} for n in range(-3, 9)}
    figures = Figures.of(days, MONDAY - timedelta(days=3), MONDAY + timedelta(days=8))
    assert [week.start for week in figures.weeks] == [MONDAY + timedelta(days=n) for n in (-7, 0, 7)]
    assert sum(week.count("readings") for week in figures.weeks) == figures.whole.count("readings") == 150
    assert figures.weeks[0].confidence == 15 / (7 + 8 + 9 - 3)
    assert figures.whole.mean("none", "readings") == 12 / 150


def test_the_most_frequent_mistakes_come_first() -> None:
    counts = {"read 7 is 7": 90, "read 7 is 1": 2, "read 4 is 9": 5, "read 1 is 7": 2}
    figures = Figures.of({MONDAY: counts}, MONDAY, MONDAY)
    assert figures.confused == [(4, 9, 5), (1, 7, 2), (7, 1, 2)]
    assert figures.confusion[7] == [0, 2, 0, 0, 0, 0, 0, 90, 0, 0]


def test_the_sample_tells_how_accurate_each_version_is_and_what_confidences_are_worth() -> None:
    read = [upload("7", sampled=True, confidence=0.93 if right else 0.52) for right in (True, True, True, False)]
    aside = upload("7", confidence=0.93)  # not of the random sample
    counts: Counts = {}
    for record, said in zip([*read, aside], "77799", strict=True):
        add(counts, of_label(record, said))
    figures = Figures.of({MONDAY: counts}, MONDAY, MONDAY)
    [(version, checked, right, (share, low, high))] = figures.versions
    assert (version, checked, right, share) == ("v1", 4, 3, 0.75)
    assert 0.2 < low < 0.75 < high < 1
    assert [(round(sure, 2), share, count) for sure, share, count in figures.reliability] == [
        (0.52, (0, *wilson_interval(0, 1)), 1),
        (0.93, (1, *wilson_interval(3, 3)), 3),
    ]
    form = figures.to_dict()["sample"]
    assert form["reliability"][1] == {"confidence": 0.93, "labelled": 3, "accuracy": 1, "low": 0.4385, "high": 1}
    assert form["versions"][0] | {"low": 0, "high": 0} == {
        **{"version": "v1", "labelled": 4, "right": 3, "accuracy": 0.75},
        **{"low": 0, "high": 0},
    }
    add(counts, of_label(read[3], "9"), -1)  # a label that another one replaced
    assert Figures.of({MONDAY: counts}, MONDAY, MONDAY).versions[0][1:3] == (3, 3)
