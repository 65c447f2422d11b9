"""The built files, without a browser: every link leads somewhere, nothing is loaded from elsewhere, nothing leaks."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from tests import golden_cases
from tests.site import KINDS, PROJECT
from tests.site.conftest import build

ROOT = "http://site.test/"
LOADING = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "use": "href",
}


@dataclass
class Read(HTMLParser):
    """What a page links to, loads and names."""

    url: str
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    description: str = ""
    maths: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(urljoin(self.url, values["href"]))
        elif tag == "link" and values.get("rel") in {"canonical", "prev", "next"}:
            pass  # an address for machines, which nobody loads
        elif tag in LOADING and LOADING[tag] in values:
            self.loads.append(urljoin(self.url, values[LOADING[tag]]))
        if tag == "h1":
            self.headings.append(values.get("id", ""))
        if tag == "meta" and values.get("name") == "description":
            self.description = values.get("content", "")
        self.maths += tag == "math"


def pages(site: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(site.rglob("*.html")):
        relative = path.relative_to(site).as_posix()
        yield ROOT + re.sub(r"(^|/)index\.html$", r"\1", relative), path


@pytest.fixture(scope="module")
def read(site: Path) -> dict[str, Read]:
    """Every page of the site, by address."""
    found = {}
    for url, path in pages(site):
        parser = Read(url)
        parser.feed(path.read_text(encoding="utf-8"))
        found[url] = parser
    return found


def test_each_kind_of_page_is_there(read: dict[str, Read]) -> None:
    assert {ROOT + path for path in KINDS.values()} <= set(read)


def test_every_link_and_anchor_leads_somewhere(read: dict[str, Read], site: Path) -> None:
    broken = []
    for url, page in read.items():
        for link in page.links:
            target, anchor = urldefrag(link)
            if urlsplit(target).netloc != "site.test":
                continue
            target = urljoin(target, urlsplit(target).path)
            if url.endswith("404.html"):
                target = target.replace("http://127.0.0.1:8000/", ROOT)
            if target in read:
                if anchor and unquote(anchor) not in read[target].ids:
                    broken.append(f"{url} -> {link}")
            elif not (site / urlsplit(target).path.lstrip("/")).is_file():
                broken.append(f"{url} -> {link}")
    assert broken == []


def test_everything_that_was_taken_out_is_back(site: Path) -> None:
    """Formulas, drawings and excluded elements, also those inside each other."""
    assert [path for _, path in pages(site) if "data-opaque" in path.read_text(encoding="utf-8")] == []


def test_the_crawl_would_see_a_broken_link() -> None:
    page = Read(ROOT + "items/a/")
    page.feed('<a href="../b/#c">x</a><h2 id="d">y</h2><script src="//cdn.example/x.js"></script>')
    assert page.links == [ROOT + "items/b/#c"]
    assert page.ids == {"d"}
    assert page.loads == ["http://cdn.example/x.js"]


def test_nothing_is_loaded_from_another_host(read: dict[str, Read]) -> None:
    foreign = {
        load
        for page in read.values()
        for load in page.loads
        if urlsplit(load).netloc not in {"site.test", "127.0.0.1:8000"} and urlsplit(load).scheme != "data"
    }
    assert foreign == set()


def test_style_sheets_and_scripts_name_no_other_host(site: Path) -> None:
    for path in [*site.glob("assets/*.css"), *site.glob("assets/*.js"), *site.glob("assets/calculators/*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import|from)\s*[\"']?(?:https?:)?//", text), path


def test_every_page_has_one_heading_and_a_description(read: dict[str, Read]) -> None:
    for url, page in read.items():
        assert len(page.headings) == 1, url
        if not url.endswith("404.html"):
            assert len(page.description) > 20, url


def test_no_source_of_content_is_published(site: Path) -> None:
    """Records of runs are offered for download; no other source is."""
    found = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.suffix in {".yml", ".yaml", ".j2", ".py"}]
    assert [path for path in found if not re.fullmatch(r"runs/[a-z0-9-]+/run-(cpu|gpu)\.yml", path)] == []


def test_formulas_are_mathml_and_no_script_makes_them(read: dict[str, Read]) -> None:
    assert read[ROOT + KINDS["item"]].maths > 30
    for page in read.values():
        assert not any("mathjax" in load.lower() or "katex" in load.lower() for load in page.loads)


def test_no_latex_is_left_on_a_page(site: Path) -> None:
    for _, path in pages(site):
        text = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\$\\|\\frac|\[\[[a-z]|⟦|\{\{|\{%", text), path


def test_the_word_in_a_sentence_is_the_computed_one(site: Path) -> None:
    text = (site / KINDS["item"] / "index.html").read_text(encoding="utf-8")
    assert text.count('class="td-value"') > 10
    assert "calculators/scaling-exponent/?degree=1&amp;loss=squared" in text


def test_a_page_without_repository_names_its_file_and_has_no_edit_button(site: Path) -> None:
    text = (site / KINDS["item"] / "index.html").read_text(encoding="utf-8")
    assert "content/issues/an-140/explaining-neural-scaling-laws.yml" in text
    assert 'href="../../contributing/"' in text
    assert "Edit this page" not in text


@pytest.mark.slow
def test_a_page_with_repository_has_an_edit_button_that_opens_its_yaml(tmp_path: Path) -> None:
    done = build(tmp_path, REPO_URL="https://git.example.org/digest", SITE_URL="https://digest.example.org/x/")
    assert done.returncode == 0, done.stderr
    item = (tmp_path / KINDS["item"] / "index.html").read_text(encoding="utf-8")
    edit = "https://git.example.org/digest/edit/main/content/issues/an-140/explaining-neural-scaling-laws.yml"
    assert f'href="{edit}"' in item
    assert '<link rel="canonical" href="https://digest.example.org/x/items/explaining-neural-scaling-laws/">' in item
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "/edit/main/" not in home
    checked = (tmp_path / KINDS["checked"] / "index.html").read_text(encoding="utf-8")
    assert 'href="https://git.example.org/digest/blob/main/tests/calculators/test_verify.py"' in checked
    for path in tmp_path.rglob("*.html"):
        parser = Read(ROOT)
        parser.feed(path.read_text(encoding="utf-8"))
        hosts = {urlsplit(load).netloc for load in parser.loads}
        assert hosts <= {"site.test", "digest.example.org", ""}, path


def test_a_problem_stops_the_build_and_leaves_the_old_site(tmp_path: Path) -> None:
    golden_cases.lay_out(tmp_path, {"about.md": "# About\n\nThis is what it is."})
    for name in ("contributing.md",):
        shutil.copy(PROJECT / "content" / name, tmp_path / "content" / name)
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    settings = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(settings[: settings.index("\nwatch:")], encoding="utf-8")
    first = build(tmp_path / "site", project=tmp_path)
    assert first.returncode == 0, first.stderr
    old = (tmp_path / "site/items/sample/index.html").read_text(encoding="utf-8")
    case = golden_cases.read("section")
    golden_cases.lay_out(tmp_path, case.files)
    second = build(tmp_path / "site", project=tmp_path)
    assert second.returncode == 1
    assert case.problems[0] in second.stdout.splitlines()
    assert "Traceback" not in second.stdout + second.stderr
    assert (tmp_path / "site/items/sample/index.html").read_text(encoding="utf-8") == old
