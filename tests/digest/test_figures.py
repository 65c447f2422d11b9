"""Figures of runs: what is drawn, in which colours, and that the same figure always gives the same drawing."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from calculators.runs.run import Figure, Line, Series
from digest import figures

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (10.0, 100.0, 1000.0)


def series(label: str, slope: float, left_out: tuple[str, ...] = ("", "", "")) -> Series:
    y = tuple(x**-slope for x in SIZES)
    return Series(label, SIZES, y, tuple(0.8 * v for v in y), tuple(1.2 * v for v in y), left_out)


FIGURE = Figure(
    "loss",
    "Loss & data",
    "training points D",
    "squared error",
    "log",
    "log",
    (series("d = 1", 2), series("d = 2", 1, ("too few <points>", "", ""))),
    (
        Line("theory, d = 1", SIZES, tuple(x**-2 for x in SIZES), None),
        Line("theory, d = 2", SIZES, tuple(x**-1 for x in SIZES), None),
        Line("no learning", SIZES, (1.0, 1.0, 1.0), None),
    ),
    "Both losses fall as straight lines.",
)


@pytest.fixture(scope="module")
def drawing() -> figures.Drawing:
    return figures.draw(FIGURE, "sample-cpu-loss")


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_same_figure_gives_the_same_drawing(drawing: figures.Drawing) -> None:
    assert figures.draw(FIGURE, "sample-cpu-loss") == drawing
    assert not re.search(r"<metadata|<!--|20\d\d-\d\d-\d\d", drawing.wide + drawing.narrow)


def test_text_is_text_in_the_face_of_the_page(drawing: figures.Drawing) -> None:
    for svg in (drawing.wide, drawing.narrow):
        shown = texts(svg)
        assert {"training points D", "squared error", "d = 1", "theory, d = 2", "no learning"} <= set(shown)
        assert "left out of the fit" in shown
        assert set(re.findall(r"font-family: ([^;\"]*)", svg)) == {"var(--td-plain, system-ui, sans-serif)"}
        assert "DejaVu" not in svg


def test_small_numbers_on_an_axis_are_not_rounded_away() -> None:
    """The places of a drawing are rounded; what its labels say is not."""
    y = (0.002, 0.001, 0.0005)
    flat = replace(FIGURE, series=(Series("at 0.125", SIZES, y, y, y, ("", "", "")),), lines=())
    drawing = figures.draw(flat, "sample-cpu-small")
    for svg in (drawing.wide, drawing.narrow):
        shown = texts(svg)
        assert {"0.0005", "0.001", "0.002", "at 0.125"} <= set(shown) and "0" not in shown
        assert not re.search(r"<[^>]*\d\.\d{3,}[^>]*>", svg)


def test_axes_have_letters_and_not_their_names() -> None:
    line = Line("line", (1.0, 2.0), (1.0, 2.0), None)
    axes = ("Separation of the modes, rho", "Exponent alpha")
    shown = figures.draw(Figure("f", "A figure", *axes, "log", "linear", (), (line,), "A line."), "f").wide
    assert ">Separation of the modes, ρ<" in shown and ">Exponent α<" in shown
    assert ">Separation of the modes, rho<" not in shown


def test_the_letters_for_a_phone_are_at_its_size(drawing: figures.Drawing) -> None:
    assert 'viewBox="0 0 328 ' in drawing.narrow
    assert min(float(size) for size in re.findall(r"font-size: ([\d.]+)px", drawing.narrow)) >= 11


def test_colours_are_custom_properties_with_fallbacks(drawing: figures.Drawing) -> None:
    known = {f"{name}, {light}" for name, light, _ in figures.colours()}
    for svg in (drawing.wide, drawing.narrow):
        used = set(re.findall(r"var\((--td-(?:figure|series)-[^)]*)\)", svg))
        assert used <= known
        assert {"--td-series-1, #00695a", "--td-figure-ink, #14191b"} <= used
        assert not re.findall(r"#[\da-f]{6}", re.sub(r"var\([^)]*\)", "", svg))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_marks_and_letters_stand_out_from_light_and_dark_paper() -> None:
    """3 to 1 for marks and 4.5 to 1 for letters, as WCAG 2 asks; the white paper of print is the light one."""
    papers = {name: (light, dark) for name, light, dark in figures.colours()}["--td-figure-paper"]
    for name, *pair in figures.colours():
        if name not in ("--td-figure-paper", "--td-figure-line"):
            wanted = 3.0 if "series" in name else 4.5
            for colour, paper in zip(pair, papers, strict=True):
                assert contrast(colour, paper) >= wanted, (name, colour)


def test_the_style_sheet_has_the_same_colours() -> None:
    sheet = (Path(figures.__file__).parent / "assets" / "digest.css").read_text(encoding="utf-8")
    for name, _, dark in figures.colours():
        if "series" in name:
            assert f"{name}: {dark};" in sheet, name


def test_points_left_out_are_hollow_and_their_reasons_are_known(drawing: figures.Drawing) -> None:
    group = r"<g[^>]*style=\"fill: var\(--td-figure-paper[^>]*series-2[^>]*>((?:<use [^>]*>)+)</g>"
    hollow = "".join(re.findall(group, drawing.wide))
    assert hollow.count("<use") == 1
    assert list(figures.left_out(FIGURE.series)) == [("too few <points>", "1 of d = 2")]
    whole = replace(FIGURE, series=(series("d = 1", 2),))
    assert "left out of the fit" not in texts(figures.draw(whole, "sample").wide)
    renamed = texts(figures.draw(replace(FIGURE, hollow="not converged"), "sample").wide)
    assert "not converged" in renamed and "left out of the fit" not in renamed


def test_hollow_points_of_a_kind_are_counted_by_series() -> None:
    """What stands behind the colon belongs to one point; the caption tells the kind."""
    spoiled = (series("d = 3", 2, ("out: 30 %", "", "out: 31 %")), series("d = 4", 2, ("in: 26 %", "out: 27 %", "")))
    assert list(figures.left_out(spoiled)) == [("out", "2 of d = 3, 1 of d = 4"), ("in", "1 of d = 4")]


def line_colours(svg: str) -> list[str]:
    """The colours of the lines inside the frame, in the order in which they are drawn."""
    line = r"<path d=\"M[^\"]*\" clip-path=[^>]*stroke: var\((--td-[a-z0-9-]+)[^>]*stroke-width: 1.5"
    return re.findall(line, svg)


def test_a_line_is_drawn_in_the_colour_of_the_series_that_it_names(drawing: figures.Drawing) -> None:
    assert line_colours(drawing.wide) == ["--td-series-1", "--td-series-2", "--td-figure-ink"]


def test_many_lines_are_named_once_and_go_with_the_series_that_they_run_along() -> None:
    slopes = (2.0, 1.5, 1.0, 0.5)
    many = replace(
        FIGURE,
        series=tuple(series(f"d = {place}", slope) for place, slope in enumerate(slopes)),
        lines=tuple(Line(f"slope −{s}", (10.0, 1000.0), (10.0**-s, 1000.0**-s), None) for s in slopes),
    )
    drawn = figures.draw(many, "many").wide
    assert texts(drawn).count("theory") == 1 and not any("slope" in text for text in texts(drawn))
    assert line_colours(drawn) == [f"--td-series-{place}" for place in (1, 2, 3, 4)]
    crossed = replace(many, lines=many.lines[::-1])
    assert {"slope −2.0", "slope −0.5"} <= set(texts(figures.draw(crossed, "crossed").wide))


def test_a_label_that_begins_another_does_not_take_its_line() -> None:
    first, second = series("tail 1", 2.0), series("tail 1/4", 1.0)
    lines = tuple(Line(f"theory, {label}", SIZES, (1.0, 0.1, 0.01), None) for label in ("tail 1/4", "tail 1"))
    drawn = figures.draw(replace(FIGURE, series=(first, second), lines=lines), "tails").wide
    assert line_colours(drawn) == ["--td-series-2", "--td-series-1"]


def test_the_drawing_has_a_name_and_a_description(drawing: figures.Drawing) -> None:
    root = ElementTree.fromstring(drawing.wide)
    named = {child.get("id"): child.text for child in root.iter() if child.tag in ("title", "desc")}
    assert root.get("role") == "img"
    assert [root.get("aria-labelledby"), root.get("aria-describedby")] == list(named)
    assert list(named.values()) == ["Loss & data", "Both losses fall as straight lines."]


def test_nothing_of_a_drawing_is_met_outside_of_it(drawing: figures.Drawing) -> None:
    """No style sheet, which would hold for the page, and no id of one drawing in another."""
    assert "<style" not in drawing.wide + drawing.narrow
    other = figures.draw(FIGURE, "sample-gpu-loss")
    ids = [set(re.findall(r'\bid="([^"]*)"', svg)) for svg in (drawing.wide, drawing.narrow, other.wide, other.narrow)]
    assert all(ids) and sum(map(len, ids)) == len(set.union(*ids))
    for svg in (drawing.wide, drawing.narrow):
        named = set(re.findall(r'(?:href="|url\()#([^")]*)', svg))
        assert named and named <= set(re.findall(r'\bid="([^"]*)"', svg))


def test_alone_it_is_a_whole_file_for_light_and_dark(drawing: figures.Drawing) -> None:
    text = figures.alone(drawing.wide)
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg" and float(root.get("width", "0")) == 660
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"(?:https?:)?//[a-z]", text.replace("http://www.w3.org/2000/svg", "")) == []


def test_ticks_are_plain_numbers_or_powers(drawing: figures.Drawing) -> None:
    assert {"10", "100", "1,000"} <= set(texts(drawing.wide))
    assert {"10⁻⁶", "10⁻²"} <= set(texts(drawing.wide))
    narrow_range = replace(
        FIGURE, series=(Series("n", (8.0, 12.0, 40.0), (1.0, 2.0, 3.0), *2 * ((1.0, 2.0, 3.0),), ("",) * 3),), lines=()
    )
    assert {"10", "20"} <= set(texts(figures.draw(narrow_range, "narrow-range").wide))
    linear = replace(narrow_range, x_scale="linear", y_scale="linear")
    assert {"10", "20", "30", "40"} <= set(texts(figures.draw(linear, "linear").wide))


def test_an_interval_that_reaches_zero_is_drawn_on_a_logarithmic_axis() -> None:
    wide = Series("x", SIZES, (0.1, 0.1, 0.1), (-0.2, 0.0, 0.05), (0.2, 0.3, 0.2), ("", "", ""))
    svg = figures.draw(replace(FIGURE, series=(wide,), lines=()), "zero").wide
    assert "nan" not in svg and "inf" not in svg


def test_a_kept_drawing_is_not_drawn_again(tmp_path: Path) -> None:
    first = figures.draw(FIGURE, "sample", kept=tmp_path / "new")
    files = sorted((tmp_path / "new").iterdir())
    assert [path.suffix for path in files] == [".svg", ".svg"]
    for path in files:
        path.write_text("kept", encoding="utf-8")
    assert figures.draw(FIGURE, "sample", kept=tmp_path / "new") == figures.Drawing("kept", "kept")
    changed = replace(FIGURE, title="Another")
    assert figures.draw(changed, "sample", kept=tmp_path / "new").wide != first.wide
    assert len(list((tmp_path / "new").iterdir())) == 4


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert figures.draw(FIGURE, "sample", kept=tmp_path / "file" / "x") == figures.draw(FIGURE, "sample")
