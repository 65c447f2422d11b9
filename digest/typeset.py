r"""LaTeX -> MathML by Temml, all formulas of a build in one Node process, with what it lets through checked again.

Temml in strict mode refuses most of what is wrong, but it defines macros and colours, makes links for `\ref`, moves
things by any negative length and once in a while prints a broken style. So commands that are no mathematics are refused
before, and its output must be well-formed XML made of known MathML only.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from digest.problems import did_you_mean


def _words(text: str) -> list[str]:
    """The words of a long constant."""
    return text.split()


_SCRIPT: Final = Path(__file__).with_name("typeset.mjs")
_SECONDS: Final = 120  # for all formulas together; 5,000 take about 2
_LONGEST: Final = 20_000  # characters of one expanded formula

_MACROS: Final = _words("def gdef edef xdef let futurelet global long newcommand renewcommand providecommand")
_LINKS: Final = _words("href url includegraphics class id style data ref eqref label")
_COLOURS: Final = _words("color textcolor colorbox fcolorbox definecolor")
_OVERLAYS: Final = _words("mathllap mathrlap mathclap llap rlap clap raisebox raise lower smash reflectbox")
_REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(_MACROS, "macros are not defined in formulas; write the formula out"),
    **dict.fromkeys(_LINKS, "a formula holds mathematics only, no links, images, labels or styles"),
    **dict.fromkeys(_COLOURS, "formulas have the colour of the page"),
    **dict.fromkeys(_OVERLAYS, "a formula must not move or overlay its parts by hand"),
    "tag": "formulas are not numbered",
    "verb": "letters as they stand go into \\text{…}",
    "rule": "a formula holds mathematics only, no drawn boxes",
    "char": "write the sign itself or its command",
}
_NUMBERED: Final[Mapping[str, str]] = {
    "align": "aligned",
    "alignat": "alignedat",
    "gather": "gathered",
    "equation": "$$ alone",
    "multline": "gathered",
    "subequations": "aligned",
}
# Suggested when a command is unknown; the everyday ones, not all that Temml knows.
_COMMANDS: Final = _words("""
    alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi
    varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega frac dfrac tfrac binom sqrt sum
    prod int lim max min inf sup log ln exp sin cos tan left right big Big bigg Bigg text mathrm mathbf
    mathcal mathbb mathsf boldsymbol operatorname overline underline hat widehat tilde bar vec dot underbrace
    overbrace begin end cdot times le ge leq geq ne neq approx sim simeq equiv propto infty partial nabla
    forall exists in notin subset subseteq cup cap to mapsto rightarrow Rightarrow leftarrow iff implies ldots
    cdots dots quad qquad lVert rVert lvert rvert langle rangle lfloor rfloor lceil rceil ell Re Im Pr circ
    prime star dagger oplus otimes ll gg mid parallel perp setminus emptyset mathscr
""")

_ELEMENTS: Final = frozenset(
    _words("""
        math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover
        mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom mstyle menclose
    """)
)
_ATTRIBUTES: Final = frozenset(
    _words("""
        accent accentunder columnalign columnlines columnspacing columnspan depth display displaystyle fence
        form frame height largeop linebreak linethickness lspace mathsize mathvariant maxsize minsize
        movablelimits notation rowlines rowspacing rowspan rspace scriptlevel separator stretchy symmetric
        voffset width class style
    """)
)
_LENGTHS: Final = frozenset(_words("depth height lspace rspace voffset width"))
_STYLE: Final = frozenset(
    _words("""
        border border-bottom border-left border-right border-top display margin margin-left margin-right
        math-depth math-style padding padding-bottom padding-left padding-right padding-top text-align
        text-align-last vertical-align white-space width
    """)
)
_STYLE_VALUE: Final = re.compile(r"[-A-Za-z0-9.,%# ]{1,60}")
_LENGTH: Final = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)(em|ex|pt|px|mu)\b")
_EM_IN: Final[Mapping[str, float]] = {"em": 1, "ex": 0.431, "pt": 0.1, "px": 1 / 16, "mu": 1 / 18}
_LARGEST: Final = 12.0  # [em]
_MOST_NEGATIVE: Final = -1.0  # [em]; \! takes back a sixth, the letters of \LaTeX a third


@dataclass(frozen=True)
class MathFault:
    """Why a formula was refused. `position` is an index into its LaTeX, None for the formula as a whole."""

    message: str
    position: int | None = None


class TypesetError(Exception):
    """Formulas cannot be typeset here: Node or Temml is missing, or it failed as a whole."""


def typeset(formulas: Iterable[tuple[str, bool]], root: Path) -> dict[tuple[str, bool], str | MathFault]:
    """The MathML, or the fault, of each distinct formula.

    Args:
        formulas: LaTeX and whether it is displayed on lines of its own.
        root: the folder whose `node_modules` holds Temml.

    Raises:
        TypesetError: Node or Temml is missing, or the process failed.

    Valid for: all formulas of a build at once; starting Node takes longer than a thousand formulas.
    """
    results: dict[tuple[str, bool], str | MathFault] = {}
    asked: list[tuple[str, bool]] = []
    for latex, display in dict.fromkeys(formulas):
        fault = _refused(latex)
        if fault:
            results[latex, display] = fault
        else:
            asked.append((latex, display))
    if asked:
        for formula, answer in zip(asked, _answers(asked, root), strict=True):
            results[formula] = _checked(str(answer["mathml"])) if "mathml" in answer else _fault(formula[0], answer)
    return results


def _refused(latex: str) -> MathFault | None:
    """The fault of a formula that is not worth asking Temml about."""
    if not latex.strip():
        return MathFault("a formula must not be empty")
    if len(latex) > _LONGEST:
        return MathFault(f"a formula must be at most {_LONGEST:,} characters with its values; got {len(latex):,}")
    for command in re.finditer(r"\\(?:([A-Za-z@]+)|.)|%", latex, re.DOTALL):
        if command[0] == "%":
            return MathFault("% begins a comment, which hides the rest; a percent sign is \\%", command.start())
        name = command[1] or ""
        if name in _REFUSED:
            return MathFault(f"{_REFUSED[name]}; got \\{name}", command.start())
        if "@" in name:
            return MathFault(f"unknown command \\{name}", command.start())
        environment = re.compile(r"\s*\{([a-z]+)\}").match(latex, command.end()) if name == "begin" else None
        if environment and environment[1] in _NUMBERED:
            better = _NUMBERED[environment[1]]
            return MathFault(f"formulas are not numbered: use {better} instead of {environment[1]}", command.start())
    return None


def _answers(formulas: list[tuple[str, bool]], root: Path) -> list[dict[str, str | int | None]]:
    """What Temml says to each formula, in the same order."""
    request = json.dumps({"root": str(root.resolve()), "formulas": formulas})
    try:
        done = subprocess.run(
            ["node", str(_SCRIPT)], input=request, capture_output=True, text=True, encoding="utf-8", timeout=_SECONDS
        )
    except FileNotFoundError as error:
        raise TypesetError("formulas need Node.js 20 or newer; node was not found") from error
    except subprocess.TimeoutExpired as error:
        raise TypesetError(f"{len(formulas)} formulas took more than {_SECONDS} s") from error
    if done.returncode == 3:
        raise TypesetError(f"formulas need Temml, which is not in {root / 'node_modules'}; run: npm ci")
    if done.returncode:
        raise TypesetError(f"Temml failed with status {done.returncode}: {done.stderr.strip()[-500:]}")
    answers: list[dict[str, str | int | None]] = json.loads(done.stdout)
    return answers


def _fault(latex: str, answer: Mapping[str, str | int | None]) -> MathFault:
    """Temml's error in our words: without the excerpt that it appends, since the position says as much."""
    message, position = str(answer["message"]).strip(), answer["position"]
    message = re.split(r" at position \d+:| at end of input:", message)[0].strip().rstrip(".:")
    message = re.sub(r"^Temml (?:strict-mode warning|parse error): ", "", message)
    message = " ".join(message.replace("'EOF'", "the end").split())
    message = re.sub(r"^Expected the end, got ('.*')$", r"\1 has no place here", message)
    unknown = re.fullmatch(r"Unsupported function name: \\([A-Za-z]+)", message)
    if unknown:
        near = did_you_mean(unknown[1], _COMMANDS).replace("'", "", 1).replace("'", "", 1)
        message = f"unknown command \\{unknown[1]}" + near.replace("did you mean ", "did you mean \\")
    elif message == "incomplete":
        dangling = re.search(r"[\^_](?=\s*(?:[}&^_]|$))", latex)
        message = f"something is missing after {dangling[0]}" if dangling else "something is missing or out of place"
        position = dangling.start() if dangling else None
    # Errors inside the expansion of a command count from its beginning, which says nothing about the formula.
    return MathFault(message, position if isinstance(position, int) and position <= len(latex) else None)


def _checked(mathml: str) -> str | MathFault:
    """The MathML when it is well-formed and made of known parts only, else the fault."""
    try:
        tree = ElementTree.fromstring(mathml)
    except ElementTree.ParseError:
        return MathFault("the formula gives broken MathML")
    if tree.tag != "math" or not "".join(tree.itertext()).strip():
        return MathFault("a formula must show something")
    for element in tree.iter():
        if element.tag not in _ELEMENTS:
            return MathFault(f"the formula gives <{element.tag}>, which is not mathematics")
        for name in list(element.attrib):
            if name not in _ATTRIBUTES:
                return MathFault(f"the formula gives the attribute {name}, which is not allowed")
            if name == "style":
                _keep_known_style(element)
            if name in _LENGTHS or name == "style":
                for number, unit in _LENGTH.findall(element.get(name, "")):
                    if not _MOST_NEGATIVE <= float(number) * _EM_IN[unit] <= _LARGEST:
                        return MathFault(f"spaces and boxes must be between -1em and 12em; got {number}{unit}")
    # HTML knows no <mspace/>: an element that is closed so would swallow its neighbours.
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def _keep_known_style(element: ElementTree.Element) -> None:
    """Without declarations that Temml does not mean to print: for a short row of {cases} it prints its own settings."""
    kept = []
    for declaration in element.get("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() in _STYLE and _STYLE_VALUE.fullmatch(value) and "undefined" not in value:
            kept.append(f"{name.strip()}:{value.strip()};")
    if kept:
        element.set("style", "".join(kept))
    else:
        del element.attrib["style"]
