"""Page model -> page text: front matter, Markdown headings, HTML blocks. The only module that imports jinja2.

Headings are Markdown, so that any generator of static sites builds its table of contents, its anchors and its search
sections from them. All else is HTML on unindented lines, which Markdown leaves as it is.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from digest.pages import Page

TEMPLATES: Final = Path(__file__).with_name("templates")
# What every Markdown reads as an escaped sign; Python-Markdown knows no others.
_PUNCTUATION: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!])")


@cache
def environment() -> Environment:
    """The templates, strict: a name that a page model lacks is an error, and plain text is escaped."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        # A heading's id is written {#id}, which would begin a comment.
        comment_start_string="<#",
        comment_end_string="#>",
    )
    env.filters["heading"] = heading
    env.filters["quoted"] = lambda text: Markup(json.dumps(str(text), ensure_ascii=False))
    env.filters["flat"] = flat
    return env


def heading(text: str) -> Markup:
    """Plain text for a Markdown heading: its punctuation shown as typed."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(_PUNCTUATION.sub(r"\\\1", line))


def flat(html: str) -> Markup:
    """Block HTML as Markdown leaves it alone: no blank line and no indented line outside of preformatted text."""
    parts = re.split(r"(<pre>.*?</pre>)", str(html), flags=re.DOTALL)
    parts[::2] = [re.sub(r"\n\s*", "\n", part) for part in parts[::2]]
    parts[1::2] = [part.replace("\n", "&#10;") for part in parts[1::2]]
    return Markup("".join(parts).strip())


def render(page: Page) -> str:
    """The page's text, with front matter."""
    return environment().get_template(page.template).render(page=page) + "\n"
