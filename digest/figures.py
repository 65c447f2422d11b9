"""Figures of runs as SVG that takes its colours and its type from the page. The only module that imports matplotlib.

The same figure is drawn twice, for a column of text and for a phone, so that its letters are never scaled down. Colours
are custom properties with fallbacks, so that one drawing serves light, dark and paper, and stands alone as a file.
"""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calculators.runs.run import Figure, Line, Series
from digest.records import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Size: TypeAlias = Literal["wide", "narrow"]

# Sizes in CSS pixels: a column of text, and a phone of 360 pixels less its margins.
_WIDTH: Final = {"wide": 660, "narrow": 328}
_FRAME: Final = {"wide": 360, "narrow": 260}  # height of the drawing without its legend
_ROW: Final = {"wide": 20, "narrow": 18}  # of the legend
_TYPE: Final = {"wide": 13.5, "narrow": 12.0}
_LETTER: Final = 0.62  # mean width of a letter of the widest usual face, in type sizes
_HANDLE: Final = 44  # room for a legend's mark and the gap behind it

# Colours that matplotlib is given, which stand for these custom properties and what they are without a page.
_INKS: Final = {
    "#000001": ("--td-figure-ink", "#14191b"),
    "#000002": ("--td-figure-soft", "#515b5f"),
    "#000003": ("--td-figure-line", "#d9e0dd"),
    "#000004": ("--td-figure-paper", "#ffffff"),
}
_INK, _SOFT, _LINE, _PAPER = _INKS
_SERIES: Final = ("#00695a", "#b04a12", "#4250b0", "#95336f", "#6d6100", "#07709c", "#b3261e", "#566166")
_SERIES_DARK: Final = ("#6fd6bb", "#f2a66e", "#aab3f7", "#e79ccd", "#d8c75a", "#7fc8ee", "#f4938b", "#b7c2c0")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "p")
_DASHES: Final[tuple[tuple[float, tuple[float, ...]], ...]] = (
    (0, ()),
    (0, (5, 2.5)),
    (0, (1.5, 2)),
    (0, (7, 2, 1.5, 2)),
)
_DARK: Final = {"ink": "#e5eae8", "soft": "#a4b0ae", "line": "#2b3436", "paper": "#101415"}
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LETTERS: Final = {"alpha": "α", "rho": "ρ"}
_FEW: Final = 3  # lines that the legend names one by one

_MARKS: Final = re.compile(r"<g((?: clip-path=\"[^\"]*\")?)>((?:<use [^>]*/>)+)</g>")
_STYLE: Final = re.compile(r' style="([^"]*)"')
_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_FACE: Final = re.compile(r"font(?:-family)?: ?(?:([\d.]+px) )?'[^;\"]*")


@dataclass(frozen=True)
class Drawing:
    """One figure as SVG for each size, without size of its own."""

    wide: str
    narrow: str


def draw(figure: Figure, name: str, *, kept: Path | None = None) -> Drawing:
    """The figure as SVG.

    Args:
        figure: what to draw.
        name: unique on the page that shows it; ids inside the drawing begin with it.
        kept: a folder for drawings, by their content, so that the next build need not draw them again.
    """
    return Drawing(_kept(figure, name, "wide", kept), _kept(figure, name, "narrow", kept))


class Drawings:
    """The drawings of one build, each made once.

    Args:
        kept: a folder that keeps them from one build to the next; None: they are made anew.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._made: dict[str, Drawing] = {}

    def of(self, figure: Figure, name: str) -> Drawing:
        """The figure as SVG; `name` as in `draw`."""
        if name not in self._made:
            self._made[name] = draw(figure, name, kept=self._kept)
        return self._made[name]


def alone(svg: str) -> str:
    """A drawing as a file of its own: with its size, on paper, light or dark as the reader's system is."""
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()  # type: ignore[union-attr]
    dark = "".join(f"--td-figure-{name}:{colour};" for name, colour in _DARK.items())
    dark += "".join(f"--td-series-{place}:{colour};" for place, colour in enumerate(_SERIES_DARK, 1))
    style = f"<style>@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}</style>"
    paper = f'<rect width="{width}" height="{height}" style="fill: {_variable(_PAPER)}"/>'
    head, _, body = svg.partition(">")
    head = head.replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"', 1)
    return f"{head}>{style}{paper}{body}\n"


def colours() -> Iterator[tuple[str, str, str]]:
    """Each custom property of the drawings with its colour on light and on dark paper."""
    for property_, colour in _INKS.values():
        yield property_, colour, _DARK[property_.rpartition("-")[2]]
    for place, pair in enumerate(zip(_SERIES, _SERIES_DARK, strict=True), 1):
        yield f"--td-series-{place}", *pair


def _kept(figure: Figure, name: str, size: Size, folder: Path | None) -> str:
    if folder is None:
        return _svg(figure, name, size)
    key = hashlib.sha256(f"{_maker()}\n{name}\n{size}\n{figure!r}".encode()).hexdigest()
    path = folder / f"{key[:32]}.svg"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        svg = _svg(figure, name, size)
    write_whole(path, svg.encode())
    return svg


@cache
def _maker() -> str:
    """What else decides how a drawing looks: this module and the library's version."""
    return f"{version('matplotlib')} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


def _svg(figure: Figure, name: str, size: Size) -> str:
    """The drawing, with colours as custom properties, title and description, and no id that could be met twice."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells whoever listens that it looks for fonts
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    entries = _legend_labels(figure)
    columns = _columns(entries, size)
    rows = -(-len(entries) // columns)
    height = _FRAME[size] + rows * _ROW[size] + (16 if rows else 0)
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": f"{name}-{size}",
            "text.parse_math": False,
            "font.size": _TYPE[size],
            "axes.labelsize": _TYPE[size],
            "xtick.labelsize": _TYPE[size] * 0.93,
            "ytick.labelsize": _TYPE[size] * 0.93,
            "legend.fontsize": _TYPE[size] * 0.97,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "xtick.color": _SOFT,
            "ytick.color": _SOFT,
            "axes.edgecolor": _SOFT,
            "axes.linewidth": 1.0,
            "grid.color": _LINE,
            "grid.linewidth": 1.0,
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.h_pad": 0.06,
            "figure.constrained_layout.w_pad": 0.02,
        }
    ):
        canvas = Canvas(figsize=(_WIDTH[size] / 72, height / 72))
        FigureCanvasSVG(canvas)
        axes = canvas.add_subplot()
        handles = _plot(axes, figure, size)
        if entries:
            canvas.legend(
                handles=[handles[entry] for entry in entries],
                labels=list(map(_greek, entries)),
                loc="outside lower left",
                ncols=columns,
                frameon=False,
                handlelength=1.7,
                handletextpad=0.7,
                columnspacing=1.2,
                borderpad=0.1,
                labelspacing=0.35,
            )
        text = StringIO()
        canvas.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _tidied(text.getvalue(), figure, f"{name}-{size}")


def _legend_labels(figure: Figure) -> list[str]:
    """What the legend names, in its order: series, lines, hollow points."""
    labels = [series.label for series in figure.series]
    labels += [_line_label(figure, line) for line in figure.lines]
    if any(any(series.left_out) for series in figure.series):
        labels.append(figure.hollow)
    return list(dict.fromkeys(labels))


def _line_label(figure: Figure, line: Line) -> str:
    """A line's own label; that of all lines where there are many, each in the colour of its series."""
    return line.label if len(figure.lines) <= _FEW or _partner(figure, line) is None else "theory"


def _partner(figure: Figure, line: Line) -> int | None:
    """The series that a line is the theory of: the one that its label names, else its fellow in a figure that has a
    line for each series; None where neither tells.
    """
    if len(figure.series) < 2:
        return None
    found = {
        series.label: place
        for place, series in enumerate(figure.series)
        if re.search(rf"(?<!\w){re.escape(series.label)}(?!\w)", line.label)
    }
    if found:
        # One label can be the beginning of another: `tail 1` and `tail 1/4`.
        return found[max(found, key=len)]
    fellows = len(figure.lines) == len(figure.series)
    place = figure.lines.index(line)
    return place if fellows and _nearest(figure, line) == place else None


def _nearest(figure: Figure, line: Line) -> int:
    """The series whose points lie nearest to the line, as the axes show it."""
    x, y = (_scaled(values, scale) for values, scale in ((line.x, figure.x_scale), (line.y, figure.y_scale)))
    distances = []
    for series in figure.series:
        across, up = _scaled(series.x, figure.x_scale), _scaled(series.y, figure.y_scale)
        distances.append(float(np.mean(np.abs(np.interp(across, x, y) - up))))
    return int(np.argmin(distances))


def _scaled(values: Sequence[float], scale: str) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return np.log(numbers) if scale == "log" else numbers


def _columns(labels: Sequence[str], size: Size) -> int:
    longest = max((len(label) for label in labels), default=1)
    each = longest * _LETTER * _TYPE[size] + _HANDLE
    return max(1, min(len(labels) or 1, int(_WIDTH[size] / each), 4))


def _plot(axes: "Axes", figure: Figure, size: Size) -> dict[str, object]:
    """Draws everything; what the legend shows for each label."""
    from matplotlib.lines import Line2D

    handles: dict[str, object] = {}
    axes.set_xscale(figure.x_scale)
    axes.set_yscale(figure.y_scale)
    axes.set_xlabel(_greek(figure.x_title))
    axes.set_title(_greek(figure.y_title), loc="left", fontsize=_TYPE[size], color=_INK, pad=7)
    axes.grid(visible=True, which="major")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", length=0, pad=5)
    point = 6.0 if size == "wide" else 5.0
    dashes: dict[str, int] = {}
    for line in figure.lines:
        partner, label = _partner(figure, line), _line_label(figure, line)
        free = dashes.setdefault(label, len(dashes)) if partner is None else 0
        dash = _DASHES[free % len(_DASHES)]
        colour = _INK if partner is None else _series_colour(partner)
        axes.plot(line.x, line.y, color=colour, linewidth=1.5, linestyle=dash, zorder=2)
        named = colour if label == line.label else _INK
        handles.setdefault(label, Line2D([], [], color=named, linewidth=1.5, linestyle=dash))
    for place, series in enumerate(figure.series):
        colour, marker = _series_colour(place), _MARKERS[place % len(_MARKERS)]
        _points(axes, figure, series, colour, marker, point)
        handles[series.label] = Line2D([], [], color=colour, marker=marker, markersize=point, linestyle="none")
    handles[figure.hollow] = Line2D(
        [], [], markerfacecolor=_PAPER, markeredgecolor=_SOFT, marker="o", markersize=point, linestyle="none"
    )
    _label(axes.xaxis, figure.x_scale, size)
    _label(axes.yaxis, figure.y_scale, size)
    return handles


def _series_colour(place: int) -> str:
    return f"#0001{place % len(_SERIES) + 1:02x}"


def _points(axes: "Axes", figure: Figure, series: Series, colour: str, marker: str, size: float) -> None:
    """A series with its intervals; points with a reason are hollow."""
    for hollow in (False, True):
        chosen = [place for place, why in enumerate(series.left_out) if bool(why) == hollow]
        if not chosen:
            continue
        x, y = [series.x[place] for place in chosen], [series.y[place] for place in chosen]
        below = [max(0.0, series.y[place] - series.low[place]) for place in chosen]
        above = [max(0.0, series.high[place] - series.y[place]) for place in chosen]
        if figure.y_scale == "log":
            # An interval that reaches zero would have no end on this axis.
            below = [min(down, at * (1 - 1e-3)) for down, at in zip(below, y, strict=True)]
        if any(below) or any(above):
            axes.errorbar(x, y, yerr=(below, above), fmt="none", ecolor=colour, elinewidth=1.2, zorder=3)
        axes.plot(
            x,
            y,
            linestyle="none",
            marker=marker,
            markersize=size,
            markerfacecolor=_PAPER if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=1.3,
            zorder=4,
        )


def _label(axis: "Axis", scale: str, size: Size) -> None:
    """Ticks with plain numbers: powers of ten with raised digits, few enough to be read."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    if scale == "linear":
        axis.set_major_locator(MaxNLocator(5 if size == "narrow" else 7, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))
        return
    low, high = axis.get_view_interval()
    narrow_range = high / low < 100
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow_range else (1.0,), numticks=7))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    plain = narrow_range or (low >= 1e-3 and high <= 2e3)
    axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value, plain=plain)))


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _power(value: float, *, plain: bool) -> str:
    if plain and 1e-4 <= value < 1e5:
        return f"{value:,.6g}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if mantissa == "1" else f"{mantissa}·{power}"


def _greek(text: str) -> str:
    return re.sub(r"\b(?:alpha|rho)\b", lambda name: _LETTERS[name[0]], text)


def _variable(colour: str) -> str:
    property_, fallback = _INKS[colour]
    return f"var({property_}, {fallback})"


def _tidied(svg: str, figure: Figure, name: str) -> str:
    """The library's file as an element for a page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<g id=\"[^\"]*\"", "<g", svg)
    for colour in _INKS:
        svg = svg.replace(colour, _variable(colour))
    svg = re.sub(
        r"#0001([\da-f]{2})",
        lambda found: f"var(--td-series-{int(found[1], 16)}, {_SERIES[int(found[1], 16) - 1]})",
        svg,
    )
    svg = _FACE.sub(_plain_face, svg)
    svg = re.sub(r"<[^>]*>", lambda tag: _NUMBER.sub(_rounded, tag[0]), svg)  # places, never what a label says
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg.replace("xlink:href", "href"))
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r">\s+<", "><", svg).strip()
    svg = _MARKS.sub(_styled_once, svg)
    box = re.search(r'viewBox="([^"]*)"', svg)
    assert box is not None  # matplotlib always writes one
    head = (
        f'<svg class="td-figure__drawing" viewBox="{box[1]}" role="img" aria-labelledby="{name}-title" '
        f'aria-describedby="{name}-desc" style="stroke-linejoin: round; stroke-linecap: butt">'
        f'<title id="{name}-title">{escape(figure.title)}</title><desc id="{name}-desc">{escape(figure.alt)}</desc>'
    )
    return head + svg[svg.index(">") + 1 :].replace("<defs></defs>", "").replace("<defs/>", "")


def _styled_once(group: re.Match[str]) -> str:
    """A group of marks that look alike, with their style on the group."""
    styles = set(_STYLE.findall(group[2]))
    if len(styles) != 1:
        return group[0]
    return f'<g{group[1]} style="{styles.pop()}">{_STYLE.sub("", group[2])}</g>'


def _plain_face(found: re.Match[str]) -> str:
    size = f"font-size: {found[1]}; " if found[1] else ""
    return f"{size}font-family: var(--td-plain, system-ui, sans-serif)"


def left_out(series: Iterable[Series]) -> Iterator[tuple[str, str]]:
    """Each kind of hollow points, the words before the colon of their reasons, and which points: `2 of d = 3`."""
    found: dict[str, Counter[str]] = {}
    for one in series:
        for why in filter(None, one.left_out):
            found.setdefault(why.partition(":")[0], Counter())[one.label] += 1
    for kind, counts in found.items():
        yield kind, ", ".join(f"{count} of {label}" for label, count in counts.items())
