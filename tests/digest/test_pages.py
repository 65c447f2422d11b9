"""Page models and page texts of a small corpus."""

import dataclasses
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from digest import corpus, pages, render, widgets
from digest.corpus import Corpus
from tests import golden_cases


def load(folder: Path, files: dict[str, str | None] | None = None) -> Corpus:
    content = golden_cases.lay_out(folder, files or {})
    loaded, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT)
    assert loaded is not None, problems
    return loaded


@pytest.fixture
def small(tmp_path: Path) -> Corpus:
    return load(tmp_path)


def item_page(loaded: Corpus, id_: str = "sample") -> pages.ItemPage:
    return next(
        page for page in pages.pages(loaded) if isinstance(page, pages.ItemPage) and page.url == f"items/{id_}/"
    )


def test_one_page_for_each_thing(small: Corpus) -> None:
    assert [page.url for page in pages.pages(small)] == [
        "",
        "issues/an-1/",
        "issues/",
        "items/sample/",
        "topics/scaling-laws/",
        "topics/",
        "glossary/",
        *(f"calculators/{id_}/" for id_ in corpus.CATALOG),
        "calculators/",
        "runs/",
        "calculators/checked/",
        "ledger/an-1/",
        "ledger/",
    ]


def test_a_page_names_the_file_that_it_is_made_from(small: Corpus) -> None:
    sources = {page.url: page.source for page in pages.pages(small)}
    assert sources["items/sample/"] == "issues/an-1/sample.yml"
    assert sources["issues/an-1/"] == "issues/an-1/issue.yml"
    assert sources["glossary/"] == "glossary.yml"
    assert sources[""] is None


def test_a_value_in_the_text_is_computed_and_leads_to_its_derivation(small: Corpus) -> None:
    takeaway = item_page(small).takeaway
    assert '<a class="td-value" href="../../calculators/scaling-exponent/?degree=1&amp;loss=squared"' in takeaway
    assert "<math" in takeaway and "[[" not in takeaway
    assert item_page(small).description == "Samples have α = 4/d."


def test_a_summary_is_whole_sentences_or_whole_words() -> None:
    assert render.summary("Short enough.") == "Short enough."
    assert render.summary(f"{'A sentence of words. ' * 20}".strip()) == " ".join(["A sentence of words."] * 11)
    long = render.summary("One sentence, " + "word, " * 60 + "end.")
    assert long.endswith("word…") and len(long) <= 240


def test_links_inside_the_site_are_relative(small: Corpus) -> None:
    summary = item_page(small).summary
    assert '<a href="../../glossary/#width">width</a>' in summary
    assert '<a href="../../issues/an-1/">the issue</a>' in summary


def test_status_of_each_claim(tmp_path: Path) -> None:
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    more = """\
  - {id: said, statement: Said., kind: opinion, source: {paper: newsletter, place: its end}}
  - {id: unsure, statement: Unsure., kind: measurement, unverified: read in a digest}
"""
    page = item_page(load(tmp_path, {"issues/an-1/sample.yml": sample + more}))
    assert [(claim.id, claim.status) for claim in page.claims] == [
        ("linear", "derived"),
        ("said", "cited"),
        ("unsure", "unverified"),
    ]
    assert [(count.status, count.number) for count in page.counts] == [("derived", 1), ("cited", 1), ("unverified", 1)]


def test_order_and_neighbours_follow_the_sections(tmp_path: Path) -> None:
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    later = sample.replace("id: sample", "id: a-later-one").replace("section: Highlights", "section: Other")
    loaded = load(tmp_path, {"issues/an-1/a-later-one.yml": later})
    assert list(loaded.items) == ["sample", "a-later-one"]
    page = item_page(loaded)
    assert page.previous is None
    assert page.following is not None and page.following.href == "../a-later-one/"


def test_stub_shows_who_refers_to_it(tmp_path: Path) -> None:
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    stub = "id: an-2\nnumber: 2\ntitle: The second\nstub: true\nunverified: [title]\n"
    mention = sample + "mentions:\n  - {issue: an-2, about: the start of it}\n"
    loaded = load(tmp_path, {"issues/an-2/issue.yml": stub, "issues/an-1/sample.yml": mention})
    page = next(page for page in pages.pages(loaded) if page.url == "issues/an-2/")
    assert isinstance(page, pages.IssuePage)
    assert page.stub and page.unverified == ("title",)
    assert [(anchor.title, anchor.note) for anchor in page.referrers] == [("A sample", "the start of it")]
    text = render.render(page)
    assert "unverified" in text and "The second" in text


def test_every_page_renders_with_front_matter_and_one_heading(small: Corpus) -> None:
    for page in pages.pages(small):
        text = render.render(page)
        head, _, body = text.removeprefix("---\n").partition("\n---\n")
        assert "title: " in head and "description: " in head
        assert sum(line.startswith("# ") for line in body.splitlines()) == 1, page.url


def test_plain_text_is_escaped(tmp_path: Path) -> None:
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    nasty = sample.replace("title: A sample", "title: 'A <script>alert(1)</script> *sample* & `code`'")
    text = render.render(item_page(load(tmp_path, {"issues/an-1/sample.yml": nasty})))
    body = text.split("\n---\n", 1)[1]
    assert "<script>alert(1)" not in body
    assert r"# A &lt;script&gt;alert\(1\)&lt;/script&gt; \*sample\*" in body


def test_a_template_that_asks_for_what_a_page_lacks_fails(small: Corpus) -> None:
    template = render.environment().from_string("{{ page.nothing }}")
    with pytest.raises(UndefinedError):
        template.render(page=item_page(small))


def test_page_models_are_frozen(small: Corpus) -> None:
    page = item_page(small)
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.title = "Another"  # type: ignore[misc]


def test_flat_html_has_no_line_that_markdown_would_read() -> None:
    html = Markup("<div>\n\n    <p>a</p>\n<pre><code>x\n\n    y</code></pre>\n</div>")
    assert render.flat(html) == "<div>\n<p>a</p>\n<pre><code>x&#10;&#10;    y</code></pre>\n</div>"


def test_settings_as_the_controls_of_a_page_know_them() -> None:
    calculator = corpus.CATALOG["scaling-exponent"]
    shown = widgets.page_settings
    assert shown(calculator, {"degree": "1", "loss_order": "2"}) == {"degree": "1", "loss": "squared"}
    assert shown(calculator, {"degree": "0", "loss_order": "1"}) == {"degree": "0", "loss": "absolute"}
    assert shown(calculator, {"loss": "kl", "loss_order": "2"}) == {"loss": "kl"}
    assert shown(calculator, {"loss_order": "7/2", "smoothness": "s"}) == {}


def test_powers_in_plain_sentences_are_raised() -> None:
    assert render.letters("e^-n beats n^2, and 10^-30 is small") == (
        "e<sup>−<i>n</i></sup> beats <i>n</i><sup>2</sup>, and 10<sup>−30</sup> is small"
    ).replace("e<sup>", "<i>e</i><sup>", 1)


def test_a_letter_behind_a_factor_is_a_letter() -> None:
    assert render.letters("−2m/d, not 2nd, 2D or 1e5") == "−2<i>m</i>/<i>d</i>, not 2nd, 2D or 1e5"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("exp(-u) is (1 - p)/p", "exp(−<i>u</i>) is (1 − <i>p</i>)/<i>p</i>"),
        ("it is -(nu + 1)/x, or -v over it", "it is −(<i>ν</i> + 1)/<i>x</i>, or −<i>v</i> over it"),
        ("a well-known slip of 1-NN, x - y", "a well-known slip of 1-NN, <i>x</i> − <i>y</i>"),
        ("n^(-a/(1 + a)), not a/sigma", "<i>n</i><sup>−<i>a</i>/(1 + <i>a</i>)</sup>, not <i>a</i>/<i>σ</i>"),
        ("for a mean, a <= 3 or a = t", "for a mean, <i>a</i> ≤ 3 or <i>a</i> = <i>t</i>"),
        ("2 pi^2 above kappa, ell_1", "2 <i>π</i><sup>2</sup> above <i>κ</i>, <i>ℓ</i><sub>1</sub>"),
    ],
)
def test_plain_sentences_get_the_signs_of_printers(typed: str, shown: str) -> None:
    """A minus is not a hyphen, the letter a is not the article, and Greek letters are told from words."""
    assert render.letters(typed) == shown


def test_a_power_with_decimals_is_raised_whole() -> None:
    assert render.letters("P grows as w^1.56, then as 2^-0.5. It is 10^3. Not more") == (
        "<i>P</i> grows as <i>w</i><sup>1.56</sup>, then as 2<sup>−0.5</sup>. It is 10<sup>3</sup>. Not more"
    )


def test_indices_are_lowered_and_signs_set() -> None:
    assert render.letters("alpha >= 4/d, S_xx +- n_out, rho < -sigma_V; d_model, sum_xx and a class stay") == (
        "<i>α</i> ≥ 4/<i>d</i>, <i>S</i><sub>xx</sub> ± <i>n</i><sub>out</sub>, <i>ρ</i> &lt; −<i>σ</i><sub>V</sub>; "
        "d_model, sum_xx and a class stay"
    )
    assert render.letters("sigma^2 and e^-n") == "<i>σ</i><sup>2</sup> and <i>e</i><sup>−<i>n</i></sup>"


def test_a_paper_in_a_plain_sentence_is_a_link() -> None:
    assert render.letters("as in arXiv:2004.10802, read elsewhere") == (
        'as in <a href="https://arxiv.org/abs/2004.10802">arXiv:2004.10802</a>, read elsewhere'
    )


def test_letters_of_an_axis_are_set_as_letters_in_its_drawing() -> None:
    assert render.drawn("Modes & n, rho") == (
        'Modes &amp; <tspan font-style="italic">n</tspan>, <tspan font-style="italic">ρ</tspan>'
    )


TABLE = """\
table:
  title: What is at stake
  kinds:
    - {id: benefit, title: Benefit}
    - {id: risk, title: Risk}
  rows:
    - {id: better, kind: benefit, statement: 'Samples *help* with $x$.', source: {paper: doe-2020, place: Table 2}}
    - {id: worse, kind: risk, statement: Samples cost., unverified: read in a digest, answers: [better]}
    - {id: said, kind: risk, statement: Samples tire., source: {paper: newsletter, place: end}, unverified: not seen}
"""


def test_a_structured_table_says_who_says_each_row(tmp_path: Path) -> None:
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    page = item_page(load(tmp_path, {"issues/an-1/sample.yml": sample + TABLE}))
    table = page.table
    assert table is not None and table.answering
    assert table.kinds == (("benefit", "Benefit", 1), ("risk", "Risk", 2))
    assert [(row.id, row.kind_title, row.source, row.status, row.reason) for row in table.rows] == [
        ("better", "Benefit", "Doe (2020), Table 2", "cited", None),
        ("worse", "Risk", "this site", "unverified", "read in a digest"),
        ("said", "Risk", "the newsletter, end", "unverified", "not seen"),
    ]
    assert table.rows[0].statement.startswith("Samples <em>help</em> with <math")
    assert [(anchor.href, anchor.note) for anchor in table.rows[1].answers] == [
        ("#table-better", "Samples help with x.")
    ]
    text = render.render(page)
    assert text.count('data-script="row-filter"') == 1
    for row in table.rows:
        assert f'<tr role="row" id="table-{row.id}" data-kind="{row.kind}">' in text


def test_an_item_without_a_table_has_none(small: Corpus) -> None:
    page = item_page(small)
    assert page.table is None
    assert "row-filter" not in render.render(page)
