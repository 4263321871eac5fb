"""`/stats`: how good the readings are, which digits are confused, and what changes over time."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import BadRequest, NotFound
from mnist_predict.stats.counting import Statistics
from mnist_predict.stats.figures import Figures, Period, Share, drift
from mnist_predict.stats.tally import BINS, Mistake
from mnist_predict.typed import whole
from mnist_predict.vision.load.picture import preview
from mnist_predict.web.current import service, statistics
from mnist_predict.web.http.negotiation import answer
from mnist_predict.web.http.pictures import YEAR, send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters import charts
from mnist_predict.web.presenters.charts import Bar
from mnist_predict.web.presenters.openapi import HTML_TYPE, JPEG, content, operation, parameter
from mnist_predict.web.presenters.schemas import ref
from mnist_predict.web.presenters.words import plural

blueprint = Blueprint("stats", __name__, url_prefix="/stats")

PERIODS = (30, 90, 365)  # days to choose from
CONFUSED, EXAMPLES = 6, 4  # pairs of digits that are shown, and crops of each
MISTAKES = 100  # crops on the page of one pair
_CUT = 160  # longest side in pixels of a crop
_MARGIN = 0.15  # around its digit, of its longer side

# What changes when the writing or the pictures do: its name in `figures.drift`, its title, its values in words.
DRIFT: tuple[tuple[str, str, charts.Words], ...] = (
    ("confidence", "Mean confidence", lambda value: f"{100 * value:.1f} %"),
    ("share_without_number", "Pictures without a number", lambda value: f"{100 * value:.1f} %"),
    ("digits", "Digits in a number", lambda value: f"{value:.2f}"),
    ("digit_height", "Height of a digit in pixels", lambda value: f"{value:.0f}"),
    ("digit_width_over_height", "Width of a digit over its height", lambda value: f"{value:.2f}"),
)


@blueprint.get("")
@route(
    operation=operation(
        content("The statistics.", ref("Statistics"), HTML_TYPE),
        *(400, 503),
        parameters=[parameter("days", "query", {"enum": ["90", "30", "365"]}, "The last so many days, with today.")],
    )
)
def page() -> AnyResponse:
    """Statistics of the last 30, 90 or 365 days."""
    asked = request.args.get("days", "90")
    if asked not in map(str, PERIODS):
        raise BadRequest("`days` must be 30, 90 or 365.")
    last = datetime.now(UTC).date()
    first = last - timedelta(days=int(asked) - 1)
    days, progress = statistics.days(first)
    figures = Figures.of(days, first, last)
    confused = _confused(statistics, figures, first)

    def payload() -> dict[str, Any]:
        until = progress.until.isoformat(timespec="seconds").replace("+00:00", "Z") if progress.until else None
        counted: dict[str, Any] = {"first": str(first), "last": str(last), "counted_until": until}
        counted |= {"complete": progress.complete} | figures.to_dict()
        counted["confused"] = [
            {"read": read, "said": said, "count": count, "examples": [str(mistake.record) for mistake in examples]}
            for read, said, count, examples in confused
        ]
        return counted

    def html() -> str:
        about = {"figures": figures, "progress": progress, "confused": confused, "days": int(asked)}
        return render_template("stats.html", **about, **_drawings(figures), periods=PERIODS)

    return answer(html=html, json=payload, text="html")


@blueprint.get("/digits/<record_id>/<int:at>")
@route(operation=operation(JPEG, 404, 410, 503))
def digit(record_id: str, at: int) -> Response:
    """The crop of a digit of a record's number, as a JPEG; `at`: its index."""
    record = service.record(record_id)
    reading = record.reading
    digits = reading.primary_number.digits if reading and reading.primary_number else ()
    if reading is None or at >= len(digits):
        raise NotFound(f"Record {record.id} has no such digit.")
    box = digits[at].box
    part = box.grow(round(_MARGIN * max(box.w, box.h)))
    data = service.look(record, lambda data: preview(data, _CUT, reading.page, part))
    return send_picture(data, f"{record.image_name}-{at}.jpg", etag=f"{record.sha256}-digit-{at}", max_age=YEAR)


@blueprint.get("/mistakes")
@route()
def mistakes() -> str:
    """The page of the digits that were read as one and are another, newest first."""
    read, said = (whole(request.args.get(name, ""), 0, 9) for name in ("read", "said"))
    try:
        since = date.fromisoformat(request.args.get("since", ""))
    except ValueError:
        since = None
    if read is None or said is None or since is None:
        raise BadRequest("Name two digits, `read` and `said`, and a day, `since`.")
    found = statistics.mistakes(read, said, since, MISTAKES)
    return render_template("mistakes.html", read=read, said=said, mistakes=found, most=MISTAKES)


def _confused(statistics: Statistics, figures: Figures, since: date) -> list[tuple[int, int, int, list[Mistake]]]:
    """The most frequent mistakes: the digit read, the true digit, their count, and examples."""
    pairs = figures.confused[:CONFUSED]
    return [(*pair, statistics.mistakes(pair[0], pair[1], since, EXAMPLES)) for pair in pairs]


def _drawings(figures: Figures) -> dict[str, Any]:
    """The charts of the page, and the values of their tables."""
    since = figures.days[0].start
    columns = [
        Bar((count,), f"{100 * n / BINS:.0f} %", f"{bin_words(n)}: {plural(count, 'number')}", _records(n, since))
        for n, count in enumerate(figures.confidences)
    ]
    about = "A row for each digit that was read, a column for each that a person said it is."
    return {
        "readings_chart": charts.bars(
            "readings",
            "Readings a day",
            f"{figures.whole.count('readings')} in all.",
            [_bar(day) for day in figures.days],
        ),
        "confidence_chart": charts.bars(
            "confidence", "Numbers by their confidence", f"{figures.whole.numbers} numbers, from 0 to 100 %.", columns
        ),
        "accuracy_chart": _accuracy(figures.accuracy),
        "reliability_chart": charts.reliability(
            "reliability",
            "Share that is right, by confidence",
            "A dot on the slanted line: as many are right as their confidence says. Bars: 95 % intervals.",
            figures.reliability,
        ),
        "confusion_chart": charts.square(
            "confusion", "Digits that were read", about, figures.confusion, partial(_mistakes_page, since)
        ),
        "mistakes_page": partial(_mistakes_page, since),
        "records_of": lambda n: _records(n, since),
        "records_on": _records_on,
        "drift": [
            (title, _curve(figures, name, title, words), [_said(drift(week)[name], words) for week in figures.weeks])
            for name, title, words in DRIFT
        ],
        "short": short,
        "bins": [bin_words(n) for n in range(BINS)],
    }


def _bar(day: Period) -> Bar:
    words = f"{short(day.start)}: {day.count('readings')} readings, {day.count('none')} without a number"
    return Bar((day.numbers, day.count("none")), short(day.start), words, _records_on(day.start))


def _records_on(day: date) -> str:
    return url_for("records.newest", since=day, until=day, zone="UTC")


def _records(n: int, since: date) -> str:
    """The address of the records whose confidence is in the n-th column of the histogram."""
    confidence = f"{n / BINS:g}..{(n + 1) / BINS:g}"
    return url_for("records.newest", confidence=confidence, since=since, zone="UTC")


def _mistakes_page(since: date, read: int, said: int) -> str:
    return url_for("stats.mistakes", read=read, said=said, since=since)


def _accuracy(share: Share | None) -> Markup | None:
    if share is None:
        return None
    about = f"{100 * share[0]:.1f} %, between {100 * share[1]:.1f} % and {100 * share[2]:.1f} %."
    return charts.interval("accuracy", "Share of readings that are right", about, *share)


def _curve(figures: Figures, name: str, title: str, words: charts.Words) -> Markup:
    points = [(short(week.start), drift(week)[name]) for week in figures.weeks]
    return charts.line(f"weekly-{name.replace('_', '-')}", title, "One point a week.", points, words)


def _said(value: float | None, words: charts.Words) -> str:
    return "–" if value is None else words(value)


def short(day: date, year: bool = False) -> str:
    """A day in a few characters: 3 Nov."""
    return f"{day.day} {day:%b} {day.year}" if year else f"{day.day} {day:%b}"


def bin_words(n: int) -> str:
    """The confidence that the n-th column of the histogram stands for."""
    return f"{100 * n / BINS:.0f} to {100 * (n + 1) / BINS:.0f} %"
