"""Numbers as text: the same rules in Python and on the page."""

import random

import pytest

from evalkit.report.charts import numbers

VALUES = [
    0, 1, -1, 0.5, 1.5, 2.5, 0.125, 0.0625, 0.005, -0.005, 0.00499999, 0.01, 0.0099999, 1e-7,
    -3.3e-9, 0.99949, 0.9995, 9.9949, 9.995, 99.94, 99.95, 99.96, 100, 123.456, 999.99, 999.95,
    1000, 1234.5, 12345678.9, 5996.9, 5997, 86400, -42.42, 1 / 3, 2 / 3, 0.1 + 0.2, 1e-3, 0.0095,
    123456789012, 0.045, 0.0449, 33.35, 7.7777777,
]  # fmt: skip


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (numbers.duration, 0, "0 ms"),
        (numbers.duration, 0.34, "340 ms"),
        (numbers.duration, 0.0012, "1.20 ms"),
        (numbers.duration, 2.344, "2.34 s"),
        (numbers.duration, 12.34, "12.3 s"),
        (numbers.duration, 150, "2.5 min"),
        (numbers.duration, 7200, "2.0 h"),
        (numbers.duration, None, "\u2013"),
        (numbers.duration, float("nan"), "\u2013"),
        (numbers.percent, 0.788, "78.8%"),
        (numbers.percent, None, "\u2013"),
        (numbers.number, 0.8444, "0.844"),
        (numbers.number, 12345.6, "12,346"),
        (numbers.number, -0.5, "\u22120.500"),
        (numbers.number, 0.00031, "0.00031"),
        (numbers.number, float("inf"), "\u2013"),
        (numbers.count, 10000, "10,000"),
        (numbers.p_value, 0.00004, "< 0.001"),
        (numbers.p_value, 0.04, "0.040"),
        (numbers.p_value, None, "\u2013"),
        (numbers.size, 842, "0.8 KB"),
        (numbers.size, 25_000_000, "25.0 MB"),
    ],
)  # fmt: skip
def test_a_number_reads_as_people_write_it(write, value, text):
    assert write(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.011, "share", "+1.1 pp"),
        (-0.011, "share", "\u22121.1 pp"),
        (0.0, "share", "0.0 pp"),
        (-0.25, "s", "\u2212250 ms"),
        (19.0, "tokens", "+19.0"),
        (None, "s", "\u2013"),
    ],
)
def test_a_difference_has_its_sign_and_unit(value, unit, text):
    assert numbers.difference(value, unit) == text


def test_an_interval_names_its_unit_once():
    assert numbers.interval(-0.043, 0.223, "share", change=True) == "\u22124.3 to +22.3 pp"
    assert numbers.interval(0.1, None, "share") == ""


@pytest.mark.browser
def test_the_page_writes_every_number_the_same(opened, reports):
    rng = random.Random(4)
    values = VALUES + [rng.uniform(-1, 1) * 10 ** rng.randint(-8, 6) for _ in range(3000)]
    page = opened.go(reports["one"])
    found = page.evaluate(
        """values => { const t = window.evalkitReport.texts;
        return values.map((v) => [t.number(v), t.duration(v), t.percent(v), t.count(v)]); }""",
        values,
    )
    for value, texts in zip(values, found, strict=True):
        expected = [numbers.number(value), numbers.duration(value), numbers.percent(value)]
        assert texts[:3] == expected, value
