"""Pages of runs: what they show of a record, and the small versions elsewhere, in a small corpus with a real record."""

import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from calculators.runs import agreements, provenance
from calculators.runs.estimates import RULE
from calculators.runs.record import load, to_yaml
from calculators.runs.running import carry_out, plan
from calculators.runs.verifying import verify
from digest import corpus, pages, render
from digest.corpus import Corpus
from digest.figures import Drawings
from digest.pages import measured, numbers
from digest.pages.site import Site
from digest.render import environment
from tests import golden_cases, made_records

RUN = replace(made_records.TINY, items=("sample",))
URL = f"runs/{RUN.id}/"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("runs")
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    text = sample.replace("takeaway: 'Samples", f"takeaway: 'We found [[run:{RUN.id}/alpha-squared-d1]]. Samples")
    text += f"""\
  - id: measured
    statement: >-
      It falls with [[run:{RUN.id}/alpha-squared-d1 | interval]]: [[run:{RUN.id}/alpha-squared-d1 | verdict]].
    kind: measurement
    measured: {RUN.id}/alpha-squared-d1
"""
    content = golden_cases.lay_out(folder, {"issues/an-1/sample.yml": text})
    made_records.write(content / "runs")
    found, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT, declared=(RUN,))
    assert found is not None, problems
    return found


@pytest.fixture(scope="module")
def texts(loaded: Corpus) -> dict[str, str]:
    """The text of every page, by address."""
    made = pages.pages(loaded, commits="https://git.example.org/x/commit/", drawings=Drawings())
    return {page.url: render.render(page) for page in made}


def test_the_page_begins_with_question_and_answer_and_says_on_what_it_was_measured(
    loaded: Corpus, texts: dict[str, str]
) -> None:
    lead, text = loaded.runs[RUN.id].lead, texts[URL]
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert json.dumps(lead.worked.answer, ensure_ascii=False) in head
    assert body.index("td-lead") < body.index("Answer") < body.index("<svg") < body.index("td-beside")
    assert "CPU record" in body and "GPU record" not in body
    assert "there is no GPU version of it" in body
    for limit in lead.record.limits:
        assert str(render.letters(limit)) in body


def test_the_page_says_what_was_done_before_it_gives_the_numbers(texts: dict[str, str]) -> None:
    _, found, rest = texts[URL].partition("## What was done {#method}")
    assert found
    section = rest.partition("\n## ")[0]
    assert section.count("<p>") == len(RUN.method)
    for paragraph in RUN.method:
        assert f"<p>{render.letters(paragraph)}</p>" in section
    assert "data-search-exclude" not in section
    assert rest.index("{#numbers}") > len(section)


def test_every_number_stands_beside_its_prediction(loaded: Corpus, texts: dict[str, str]) -> None:
    for id_, metric in loaded.runs[RUN.id].lead.metrics.items():
        row = re.search(rf'<tr role="row" id="metric-{id_}">.*?</tr>', texts[URL], re.DOTALL)
        assert row is not None
        assert f"<span>{metric.verdict}</span>" in row[0]
        assert metric.prediction is not None
        assert f'href="../../calculators/{metric.prediction.calculator}/?' in row[0]
        shown = re.search(r"<b>(.*?)</b>", row[0])
        assert shown is not None
        if "·" not in shown[1]:
            half = 0.5 * 10.0 ** -len(shown[1].partition(".")[2])
            assert float(shown[1]) == pytest.approx(metric.value, abs=half * 1.001)


def test_the_points_of_each_figure_are_in_a_table(loaded: Corpus, texts: dict[str, str]) -> None:
    for figure in loaded.runs[RUN.id].lead.worked.figures:
        count = sum(len(series.x) for series in figure.series)
        region = texts[URL].split(f'aria-label="{figure.title}: numbers"')[1].split("</table>")[0]
        assert region.count("<tr>") == count + 1


def test_the_record_is_told_in_full(loaded: Corpus, texts: dict[str, str]) -> None:
    record, text = loaded.runs[RUN.id].lead.record, texts[URL]
    machine = record.machine
    for told in (record.module, record.code.sha256, machine.device, machine.numpy, machine.python, machine.precision):
        assert told in text
    for file in record.files:
        assert file.sha256 in text and f'href="{file.name}"' in text
    if record.code.commit:
        assert f'href="https://git.example.org/x/commit/{record.code.commit}"' in text


def test_the_small_version_is_on_the_item_the_calculator_and_the_home_page(
    loaded: Corpus, texts: dict[str, str]
) -> None:
    for url, href in (
        ("items/sample/", f"../../{URL}"),
        ("calculators/nearest-neighbour/", f"../../{URL}"),
        ("runs/", RUN.id + "/"),
    ):
        assert f'href="{href}"' in texts[url], url
    assert f'aria-label="Run: {RUN.title}"' in texts["items/sample/"]
    assert f'aria-label="Run: {RUN.title}"' in texts["calculators/nearest-neighbour/"]
    assert f'href="../{URL}"' in texts["calculators/"]


def test_a_measured_value_in_a_sentence_leads_to_its_number(loaded: Corpus, texts: dict[str, str]) -> None:
    metric = loaded.runs[RUN.id].lead.metrics["alpha-squared-d1"]
    assert metric.interval is not None
    places = numbers.decimals(metric.value, metric.interval)
    value, interval = numbers.plain(metric.value, places), numbers.between(metric.interval, places)
    href = f"../../{URL}#metric-alpha-squared-d1"
    link = f'<a class="td-value td-value--measured" href="{href}" title="measured on a processor: '
    takeaway = texts["items/sample/"].split("Takeaway")[1].split("</div>")[0]
    assert link in takeaway and f">{value}</a>" in takeaway
    claim = texts["items/sample/"].split('id="measured"')[1].split("</li>")[0]
    assert f">{value} ({interval})</a>" in claim and f">{metric.verdict}</a>" in claim
    assert "our run gives" in claim and "td-status--measured" in claim


def test_the_overview_draws_every_exponent(loaded: Corpus, texts: dict[str, str]) -> None:
    figure = measured.exponents(loaded.runs.values())
    assert figure is not None
    metrics = [one for one in loaded.runs[RUN.id].lead.record.metrics if one.symbol == "alpha"]
    (series,) = figure.series
    assert series.label == RUN.title and len(series.x) == len(metrics) > 3
    for one, *point in zip(metrics, series.x, series.y, series.low, series.high, strict=True):
        assert one.prediction is not None and one.interval is not None
        assert point == [one.prediction.value, one.value, *one.interval]
    assert f"<b>{figure.title}.</b>" in texts["runs/"] and 'href="exponents.svg"' in texts["runs/"]
    assert "The numbers in this figure" not in texts["runs/"]  # they are in the tables of the page


def test_an_exponent_that_is_held_against_measured_dimensions_is_drawn_once(loaded: Corpus) -> None:
    one = next(one for one in loaded.runs[RUN.id].lead.record.metrics if one.symbol == "alpha")
    assert one.prediction is not None
    asked = [
        replace(one, prediction=replace(one.prediction, value=value, settings={"dimension": f"{value:.2f}"}))
        for value in (1.5, 1.1, 1.3)
    ]
    middle, plain, again = measured._once([*asked, one, one])
    assert middle.prediction is not None and middle.prediction.value == 1.3
    assert plain == again == one, "several derivations stay apart"


def test_local_exponents_are_on_the_page(loaded: Corpus, texts: dict[str, str]) -> None:
    (sheet,) = loaded.runs[RUN.id].lead.worked.sheets
    assert f"<summary>{sheet.title}</summary>" in texts[URL]
    for row in sheet.rows:
        assert f"<td>{row[1]}</td><td>{row[2]}</td><td>{row[3]}</td>" in texts[URL], row[0]


def test_runs_without_exponents_have_no_overview_of_them() -> None:
    assert measured.exponents([]) is None


def test_measured_claims_count_in_the_ledger(texts: dict[str, str]) -> None:
    assert "## Measured (1)" in texts["ledger/"]


def test_files_are_offered_whole_and_twice_the_same(loaded: Corpus) -> None:
    first = {kept.path: kept.content for kept in pages.files(loaded, Drawings())}
    assert first == {kept.path: kept.content for kept in pages.files(loaded, Drawings())}
    record = loaded.runs[RUN.id].lead.record
    folder = loaded.root / "runs" / RUN.id
    for name in ("run-cpu.yml", record.files[0].name):
        assert first[f"{URL}{name}"] == (folder / name).read_bytes()
    figures = loaded.runs[RUN.id].lead.worked.figures
    drawn = {f"{URL}{figure.id}-cpu.svg" for figure in figures} | {"runs/exponents.svg"}
    assert {path for path in first if path.endswith(".svg")} == drawn
    crate = zipfile.ZipFile(io.BytesIO(first[f"{URL}{RUN.id}-cpu-crate.zip"]))
    described = json.loads(crate.read("ro-crate-metadata.json"))
    names = {part["@id"] for part in described["@graph"] if part["@type"] == "File"}
    assert names == set(crate.namelist()) - {"ro-crate-metadata.json"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A run with a record from a processor and one from a GPU, which is made up: an example's name stands for it."""
    preset = RUN.presets["cpu"]
    run = replace(RUN, jax=True, presets={"cpu": preset, "gpu": preset, "replay": preset})
    content = golden_cases.lay_out(tmp_path_factory.mktemp("both"), {})
    with pytest.MonkeyPatch.context() as patch:
        gpu = replace(provenance.processor(run.precision, with_jax=True), kind="gpu", device="Example GPU", count=2)
        patch.setattr(provenance, "gpu", lambda precision: replace(gpu, driver="1.2.3", cuda="12.9"))
        for name in ("cpu", "gpu"):
            carry_out(plan(run, name, content / "runs", first_seed=10 * (name == "gpu")), say=lambda line: None)
    found, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT, declared=(run,))
    assert found is not None, problems
    return found


def test_a_page_leads_with_the_gpu_record_and_shows_both(both: Corpus) -> None:
    text = {page.url: render.render(page) for page in pages.pages(both, drawings=Drawings())}[URL]
    gpu, cpu = both.runs[RUN.id].records
    assert (gpu.kind, cpu.kind) == ("gpu", "cpu")
    assert "no GPU" not in text
    head, second = text.split("## The same from the CPU record {#cpu}")
    second, told = second.split("## The record {#record}")
    made_on = f"2 × Example GPU, {gpu.record.machine.memory / 1024**3:.0f} GiB" if gpu.record.machine.memory else ""
    assert f'<span class="td-kind">GPU record</span> {made_on}' in head
    assert str(render.letters(gpu.worked.answer)) in head and str(render.letters(cpu.worked.answer)) in second
    for record, part in ((gpu, head), (cpu, second)):
        other = cpu if record is gpu else gpu
        for metric in record.metrics.values():
            shown = numbers.plain(metric.value, numbers.decimals(metric.value, metric.interval))
            assert f"<b>{shown}</b>" in part, (record.kind, metric.id)
        for figure in record.worked.figures:
            assert f"{figure.id}-{record.kind}.svg" in part and f"{figure.id}-{other.kind}.svg" not in part
    # One anchor for each number: that of the record that leads.
    ids = re.findall(r' id="(metric-[^"]+)"', text)
    assert len(ids) == len(set(ids)) == len(gpu.metrics)
    first, last = told.split('<p class="td-widget__label">CPU record</p>')
    assert "driver 1.2.3, CUDA 12.9" in first and "Example GPU" not in last
    assert "10 to 11" in first or "10, 11" in first
    assert all(f'href="run-{kind}.yml"' in told for kind in ("gpu", "cpu"))


def test_a_processor_is_not_the_gpu_of_the_small_version(both: Corpus) -> None:
    made = {page.url: render.render(page) for page in pages.pages(both, drawings=Drawings())}
    assert "GPU record</span>: 2 × Example GPU" in made["runs/"] and "no GPU record yet" not in made["runs/"]


def test_sizes_are_whole_numbers_in_the_tables_of_points() -> None:
    shown = [numbers.size(value) for value in (16384.0, 32.0, 28179280429056.0, 0.25, 1234567.0, -4096.0)]
    assert shown == ["16,384", "32", "2.82·10¹³", "0.25", "1,234,567", "−4,096"]
    assert [numbers.four_digits(value) for value in (16384.4, 9999.5, 1.5, 2e-5)] == [
        "16,384",
        "10,000",
        "1.5",
        "2.00·10⁻⁵",
    ]


def test_a_page_says_how_verdicts_come_about_and_what_no_test_can_check(texts: dict[str, str]) -> None:
    rule = str(render.letters(RULE))
    assert rule in texts[URL] and rule in texts["runs/"]
    assert "no test can check it" in texts[URL]


def test_words_come_from_the_code_and_not_from_an_old_record(tmp_path: Path) -> None:
    content = golden_cases.lay_out(tmp_path, {})
    made_records.write(content / "runs")
    path = content / "runs" / RUN.id / "run-cpu.yml"
    record = load(path, "")
    old = replace(
        record,
        title="An old title",
        question="An old question?",
        limits=("An old limit.",),
        metrics=tuple(replace(metric, title="Old metric", note="Old note.") for metric in record.metrics),
        code=replace(record.code, sha256="0" * 64),
    )
    path.write_text(to_yaml(old), encoding="utf-8")
    found, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT, declared=(RUN,))
    assert found is not None, problems
    made = {page.url: render.render(page) for page in pages.pages(found, drawings=Drawings())}
    crate = zipfile.ZipFile(
        io.BytesIO({kept.path: kept.content for kept in pages.files(found, Drawings())}[f"{URL}{RUN.id}-cpu-crate.zip"])
    )
    for text in (*made.values(), crate.read("ro-crate-metadata.json").decode()):
        assert not re.search("An old|Old metric|Old note", text)
    assert "Code changed since" in made[URL]


def test_a_crate_names_the_project_where_it_is_known(loaded: Corpus) -> None:
    for homepage in (None, "https://git.example.org/x"):
        kept = {file.path: file.content for file in pages.files(loaded, Drawings(), homepage)}
        crate = zipfile.ZipFile(io.BytesIO(kept[f"{URL}{RUN.id}-cpu-crate.zip"]))
        described = json.loads(crate.read("ro-crate-metadata.json"))
        named = {entity["@id"] for entity in described["@graph"] if entity.get("url") == homepage and homepage}
        assert named == ({"#theory-digest", "#contributors"} if homepage else set())


def test_a_run_without_record_has_no_page_and_is_named_as_waiting(tmp_path: Path) -> None:
    content = golden_cases.lay_out(tmp_path, {})
    found, _ = corpus.load(content, shown="content", packages=golden_cases.PROJECT, declared=(RUN,))
    assert found is not None
    made = {page.url: page for page in pages.pages(found)}
    assert URL not in made
    text = render.render(made["runs/"])
    assert "No run has been recorded yet" in text and "## Not recorded yet" in text and RUN.title in text


def test_a_page_says_whether_the_code_changed_and_how_the_replay_ended(
    loaded: Corpus, texts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Code unchanged: it is the code that measured." in texts[URL]
    content = tmp_path / "content"
    shutil.copytree(loaded.root, content)
    path = content / "runs" / RUN.id / "run-cpu.yml"
    sha256 = load(path, "").code.sha256
    path.write_text(path.read_text(encoding="utf-8").replace(sha256, "f" * 64), encoding="utf-8")
    monkeypatch.setattr(agreements, "FOLDER", tmp_path / "replays")

    def state() -> str:
        found, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT, declared=(RUN,))
        assert found is not None, problems
        text = next(render.render(page) for page in pages.pages(found) if page.url == URL)
        return text.split("<dt>State</dt><dd>")[1].split("</dd>")[0]

    assert state().startswith("Code changed since, not replayed where this page was made.")
    (finding,) = verify([RUN], content / "runs", "runs")
    assert finding.state == "code changed since, replay agrees"
    assert state().startswith("Code changed since, replay agrees: ")
    assert f"further than {100 * RUN.tolerance:g} % from" in state()


@pytest.mark.parametrize(
    ("value", "interval", "shown", "between"),
    [
        (1.9837, (1.951, 2.013), "1.98", "1.95 to 2.01"),
        (0.48712, (0.4781, 0.4960), "0.487", "0.478 to 0.496"),
        (1234.5, (1200.0, 1260.0), "1,234", "1,200 to 1,260"),
        (9.194e-09, (8.372e-09, 1.002e-08), "9.19·10⁻⁹", "8.37·10⁻⁹ to 1.00·10⁻⁸"),
        (-0.25, (-0.3, -0.2), "−0.25", "−0.30 to −0.20"),
    ],
)
def test_numbers_have_the_digits_that_their_interval_allows(
    value: float, interval: tuple[float, float], shown: str, between: str
) -> None:
    places = numbers.decimals(value, interval)
    assert (numbers.plain(value, places), numbers.between(interval, places)) == (shown, between)


def test_numbers_without_an_interval_have_three_digits() -> None:
    assert [numbers.plain(value, numbers.decimals(value, None)) for value in (12.3456, 0.123456, 0.0, 3.0)] == [
        "12.3",
        "0.123",
        "0.00",
        "3.00",
    ]
    assert numbers.listed((0, 1, 2, 3)) == "0 to 3" and numbers.listed((0, 2)) == "0, 2"


def test_a_bound_from_a_measured_setting_is_a_decimal_not_a_fraction(loaded: Corpus) -> None:
    """4/3.8 is 20/19, which nobody derived: the 3.8 was read off data."""
    recorded = loaded.runs[RUN.id].lead
    metric = next(iter(recorded.metrics.values()))
    assert metric.prediction is not None
    given = {"degree": "1", "loss_order": "2"}
    shown = {}
    for dimension, text, value in (("3.80", "20/19", 20 / 19), ("3", "4/3", 4 / 3)):
        settings = {"dimension": dimension, **given}
        prediction = replace(
            metric.prediction, calculator="scaling-exponent", settings=settings, text=text, value=value, quantity=None
        )
        row = Site(loaded).metric("", recorded, replace(metric, prediction=prediction, bound=True))
        cells = environment().get_template("_run.md.j2").module.metrics([row], "numbers")
        shown[dimension] = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", re.findall(r"predicted\">(.*?)</td>", cells)[-1]))
    assert shown == {"3.80": "≥ 1.05", "3": "≥ 4/3 ≈ 1.33"}


def test_the_caption_tells_which_points_are_hollow(loaded: Corpus) -> None:
    drawn = loaded.runs[RUN.id].lead.worked.figures[0]
    first = drawn.series[0]
    count = len(first.x)
    assert count >= 2

    def caption(hollow: str, reasons: tuple[str, ...]) -> str:
        spoiled = replace(drawn, series=(replace(first, label="d = 3", left_out=reasons),), hollow=hollow)
        view = measured.view(Site(loaded), spoiled, "spoiled", "spoiled.svg")
        html = environment().get_template("_run.md.j2").module.figure(view)
        return re.sub(r"<[^>]*>", "", re.findall(r"Hollow.*?(?= <a)", html)[0])

    plain = caption("left out of the fit", ("too few seeds", *("",) * (count - 1)))
    assert plain == "Hollow points are left out of the fit: too few seeds (1 of d = 3)."
    kinds = caption("not converged", ("in the fit: 30 %", "left out of the fit: 40 %", *("",) * (count - 2)))
    assert kinds == "Hollow points are not converged: in the fit (1 of d = 3); left out of the fit (1 of d = 3)."
    alike = caption("not converged", ("not converged",) * count)
    assert alike == f"Hollow points are not converged ({count} of d = 3)."
