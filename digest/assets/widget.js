// A calculator on a page: reads the controls, asks the emitted module, and puts its answers into the page's elements.
// There is no formula here. Every number that is shown comes from the module, which is emitted from SymPy.

import { isExact, rounded, shown, signOf } from "./numbers.js";
import { Derivation, arrowKeys, copy, letters, readAddress, readField, valueOf } from "./pieces.js";

const HUSH = 700; // [ms] of rest before a change is announced
const REST = 200; // [ms] of rest before a change comes into the address
const SAMPLES = 97; // points of a curve in a frame of its own

/** Starts the calculator in `section`; rejects when its module cannot be loaded. */
export async function start(section) {
  const module = await import(new URL(section.dataset.module, document.baseURI));
  new Widget(section, module).start();
}

class Widget {
  constructor(section, module) {
    this.section = section;
    this.module = module;
    const uid = section.dataset.uid;
    // The steps stand in the section, or elsewhere on the calculator's own page.
    this.places = [section, ...document.querySelectorAll(`[data-for="${CSS.escape(uid)}"]`)];
    this.shell = document.querySelector(`[data-shell="${CSS.escape(uid)}"] code`);
    const byName = new Map(module.parameters.map((parameter) => [parameter.name, parameter]));
    this.fields = [...section.querySelectorAll("input[name]")].map((field) => ({
      field,
      parameter: byName.get(field.name),
      slider: section.querySelector(`[data-mirrors="${field.name}"]`),
      message: document.getElementById(field.getAttribute("aria-describedby")),
    }));
    this.selects = [...section.querySelectorAll("select[name]")];
    this.output = section.querySelector("[data-result]");
    this.derivation = new Derivation(this.places, module.slots);
    this.read = (parameter, text) => readField(module.Fraction, parameter, text);
  }

  start() {
    for (const { field, slider, parameter } of this.fields) {
      field.addEventListener("input", () => this.update());
      arrowKeys(field, slider);
      slider.addEventListener("input", () => {
        const infinite = parameter.infinite && Number(slider.value) === Number(slider.max);
        field.value = infinite ? "" : parameter.logarithmic ? String(Number(this.module.tens(slider.value).toPrecision(3))) : slider.value;
        this.update(slider);
      });
    }
    for (const select of this.selects) select.addEventListener("change", () => this.update());
    if ("address" in this.section.dataset) readAddress(this.section, this.fields, this.selects, this.read, this.asked());
    const further = this.section.querySelector("[data-further]");
    if (further) further.open ||= [...further.querySelectorAll("select")].some((select) => select.value !== this.module.choices[select.name].start);
    this.copies();
    this.update(null, true);
    this.section.dataset.ready = "";
  }

  /** Makes the lists agree with what the address asks of others, and says what cannot be as it asks. */
  asked() {
    const asked = Object.fromEntries([...new URLSearchParams(location.search)].reverse()); // of two the first counts
    const chosen = this.module.settle(asked);
    for (const select of this.selects) if (asked[select.name] === undefined) select.value = chosen[select.name];
    return Object.entries(this.module.fixed(chosen))
      .filter(([name, option]) => asked[name] !== undefined && asked[name] !== option)
      .map(([name, option]) => `${name} must be left out or ${option} beside the other settings (the address has ${asked[name]})`);
  }

  /** Reads every control and shows the answer, or what is wrong beside the control that it is about. */
  update(moved = null, first = false) {
    const values = {};
    const chosen = this.module.settle(Object.fromEntries(this.selects.map((select) => [select.name, select.value])));
    const fixed = this.module.fixed(chosen);
    for (const select of this.selects) {
      select.disabled = select.name in fixed;
      if (select.disabled) select.value = fixed[select.name];
    }
    const before = this.derivation.texts();
    this.derivation.choose(chosen);
    const problems = [];
    for (const entry of this.fields) {
      const { field, parameter, slider, message } = entry;
      const read = this.read(parameter, field.value);
      message.textContent = read.problem ?? "";
      field.toggleAttribute("aria-invalid", false);
      if (read.problem) field.setAttribute("aria-invalid", "true");
      entry.value = read.value ?? entry.value ?? this.read(parameter, parameter.start).value;
      values[parameter.name] = entry.value;
      // A field that makes no difference now does not keep the others from an answer.
      if (read.problem && field.closest("[hidden]") === null) problems.push(read.problem);
      if (read.problem) continue;
      const number = Number(read.value.valueOf());
      if (slider !== moved) slider.value = read.value === Infinity ? slider.max : parameter.logarithmic ? Math.log10(number) : number;
      slider.setAttribute("aria-valuetext", read.value === Infinity ? "infinite" : field.value);
    }
    // Steps and plot follow the switches with the last numbers that could be read; the links stay as they were.
    const fine = problems.length === 0;
    for (const place of this.places) place.classList.toggle("is-blank", !fine);
    const state = this.show(this.module.complete(values, chosen), chosen);
    if (!first) this.derivation.mark(before);
    if (fine) this.links(...state);
    else this.blank(`No answer for what is typed: ${problems.join("; ")}. Steps and plot are those of the last numbers.`);
    this.announce(first, problems);
  }

  blank(reason) {
    this.output.textContent = "";
    this.section.querySelector("[data-decimal]").textContent = "";
    this.section.querySelector("[data-answered]").hidden = true;
    const hush = this.section.querySelector("[data-silence]");
    hush.hidden = false;
    hush.replaceChildren(...letters(reason));
  }

  show(values, chosen) {
    const silence = this.module.silence(values, chosen);
    const value = this.module.result(values, chosen);
    for (const place of this.places) for (const general of place.querySelectorAll("[data-general]")) general.hidden = silence !== "";
    // What is hidden is not filled, so the answer's place is there before.
    this.section.querySelector("[data-silence]").hidden = true;
    this.section.querySelector("[data-answered]").hidden = false;
    this.derivation.show(values, this.module.stops(values, chosen));
    if (silence === "") this.answer(values, chosen, value);
    else this.blank(silence);
    this.plot(values, chosen, value);
    return [value, chosen];
  }

  /** What stands after the number. */
  get unit() {
    return this.section.querySelector(".td-answer__unit:not([hidden])")?.textContent ?? "";
  }

  /** What is shown where the answer is a form without a value. */
  get form() {
    return this.section.querySelector("[data-forms] > :not([hidden])");
  }

  /** The result, exact where it is a fraction, what it is worth, and further outputs. */
  answer(values, chosen, value) {
    const exact = isExact(value);
    const form = this.form;
    if (typeof value === "string" && form) this.output.replaceChildren(...form.cloneNode(true).childNodes);
    else this.output.textContent = shown(value);
    this.section.querySelector("[data-sign]").textContent = typeof value === "string" ? (form?.dataset.order ?? "≤") : exact ? "=" : "≈";
    this.section.querySelector("[data-decimal]").textContent = this.decimal(value);
    const verdict = this.module.verdicts[this.module.verdict(values, chosen)];
    this.section.querySelector("[data-status]").textContent = verdict.status;
    const meaning = this.section.querySelector("[data-meaning]");
    // At first the page has the words of its own preset; the address may have set another.
    if (meaning.dataset.verdict !== verdict.meaning) meaning.replaceChildren(...letters(verdict.meaning));
    meaning.dataset.verdict = verdict.meaning;
    const more = this.module.quantities(values, chosen);
    for (const place of this.section.querySelectorAll("[data-quantity]")) {
      const further = more[place.dataset.quantity];
      if (further === undefined) continue;
      place.textContent = shown(further);
      place.previousElementSibling.textContent = signOf(further);
      place.nextElementSibling.textContent = this.decimal(further);
    }
  }

  /** The decimal beside a fraction, with its sign. */
  decimal(value) {
    const decimal = isExact(value) ? rounded(value) : "";
    if (decimal === "" || decimal === shown(value)) return "";
    return `${value.equals(new this.module.Fraction(decimal)) ? "=" : "≈"} ${decimal}`;
  }

  plot(values, chosen, value) {
    const drawing = this.section.querySelector("svg[data-plot]");
    if (!drawing) return;
    const { left, top, right, bottom, decades } = Object.fromEntries(
      ["left", "top", "right", "bottom", "decades"].map((name) => [name, Number(drawing.dataset[name])]),
    );
    const { axes, curves } = this.module;
    for (const line of drawing.querySelectorAll("[data-line]")) {
      const curve = curves[line.dataset.line];
      const points = [];
      const last = axes ? SAMPLES - 1 : decades;
      for (let index = 0; value !== null && index <= last; index += 1) {
        const x = axes ? along(this.module.tens, axes.x, index / last) : Number(`1e${index}`);
        const y = valueOf(() => curve.value(values, x, chosen));
        const up = axes ? share(axes.y, y) : 1 + Math.log10(y) / decades;
        if (!Number.isFinite(up)) continue;
        const height = Math.max(-4, Math.min(5, up)); // far outside the frame a line may end anywhere
        points.push(`${(left + (index * (right - left)) / last).toFixed(1)},${(top + (1 - height) * (bottom - top)).toFixed(1)}`);
      }
      line.setAttribute("points", points.join(" "));
      this.section.querySelector(`[data-legend="${line.dataset.line}"]`)?.toggleAttribute("hidden", points.length === 0);
    }
    // A question that has no curve, or no answer, has no plot: an empty frame would say that there is nothing.
    const drawn = [...drawing.querySelectorAll("[data-line]")].some((line) => line.getAttribute("points"));
    const figure = drawing.closest("figure");
    figure.hidden = !drawn;
    const preset = drawing.querySelector(".td-plot__preset")?.getAttribute("points");
    if (preset !== undefined) {
      const now = drawing.querySelector("[data-line]").getAttribute("points");
      figure.querySelector("[data-preset]").hidden = !drawn || coincide(now, preset);
    }
    if (axes) {
      const [x, y] = ["x", "y"].map((name) => drawing.querySelector(`[data-title="${name}"]:not([hidden])`)?.textContent);
      if (x && y) drawing.setAttribute("aria-label", `Plot of ${y} against ${x}.`);
    }
    if (axes || value === null) return;
    drawing.setAttribute("aria-label", `Log–log plot. ${curves[drawing.dataset.plot].title}: a straight line with slope −${decimalOf(value)}.`);
  }

  /** The links and the shell command for what is set now. */
  links(value, chosen) {
    const query = new URLSearchParams();
    // What makes no difference now is not told, nor a further assumption that is as usual.
    const there = this.fields.filter(({ field }) => field.closest("[hidden]") === null);
    const usual = ({ name, value }) => this.module.choices[name].further && value === this.module.choices[name].start;
    const telling = this.selects.filter((select) => !select.disabled && select.closest("[hidden]") === null && !usual(select));
    for (const { field, parameter } of there) query.set(field.name, field.value === "" && parameter.infinite ? "oo" : field.value);
    for (const select of telling) query.set(select.name, select.value);
    this.state = { settings: [...query], value, chosen };
    for (const link of document.querySelectorAll("[data-open]")) {
      if (this.section.contains(link) || "address" in this.section.dataset) link.href = `${this.section.dataset.page}?${query}`;
    }
    const named = there.map(({ field, parameter }) => `${parameter.title} ${field.value || "∞"}`);
    const picked = telling.map((select) => select.selectedOptions[0].text);
    this.section.querySelector("[data-settings]").textContent = [...named, ...picked].join(" · ");
    if (this.shell) {
      const settings = [...query].map(([name, text]) => `--set ${name}=${text}`).join(" ");
      this.shell.textContent = `python -m calculators show ${this.module.id} ${settings}`;
    }
    this.writeAddress(query);
  }

  /** On the calculator's own page the address says what is set, once the reader has changed something. */
  writeAddress(query) {
    clearTimeout(this.rest);
    if (!("address" in this.section.dataset) || !("ready" in this.section.dataset)) return;
    this.rest = setTimeout(() => history.replaceState(history.state, "", `?${query}${location.hash}`), REST);
  }

  /** What the reader can take along: a link, the formula, Python that derives it, and the sources. */
  copies() {
    const bar = this.section.querySelector("[data-copies]");
    const texts = {
      link: () => `${new URL(this.section.dataset.page, document.baseURI)}?${new URLSearchParams(this.state.settings)}`,
      latex: () => this.latex(),
      python: () => {
        const settings = this.state.settings.map(([name, text]) => `${name}=${JSON.stringify(text)}`).join(", ");
        const what = `derivation.result.${isExact(this.state.value) || typeof this.state.value === "string" ? "text" : "expression.evalf(6)"}`;
        const call = `CATALOG["${this.module.id}"].derive(${settings})`;
        return `from calculators import CATALOG\n\nderivation = ${call}\nprint(${what} if derivation.result else derivation.silence)\n`;
      },
      bibtex: () => `${this.module.bibtex}\n`,
    };
    for (const button of bar.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        const done = await copy(texts[button.dataset.copy]());
        bar.querySelector("[data-copied]").textContent = done ? `${button.textContent} copied` : "The browser does not let pages copy.";
      });
    }
    bar.hidden = false;
  }

  /** The answer as LaTeX: the formula in letters, then the value; why there is none, as a comment. */
  latex() {
    const { value, chosen } = this.state;
    const general = this.module.latex(chosen);
    if (!general || value === null) return `% No answer: ${this.section.querySelector("[data-silence]").textContent}`;
    if (typeof value === "string") return general;
    if (isExact(value)) return `${general} = ${value.toLatex()}`;
    return `${general} \\approx ${shown(value).replace(/\^(.*)/, "^{$1}")}`;
  }

  /** Says the answer once the reader rests, for those who listen. */
  announce(first, problems) {
    clearTimeout(this.timer);
    if (first) return;
    this.timer = setTimeout(() => {
      const decimal = this.section.querySelector("[data-decimal]").textContent;
      const silence = this.section.querySelector("[data-silence]");
      this.section.querySelector("[data-announce]").textContent = problems.length
        ? `No answer. ${problems.join(". ")}`
        : !silence.hidden
        ? `No answer. ${silence.textContent}`
        : typeof this.state.value === "string"
        ? `The answer is ${this.form.dataset.order === "≥" ? "at least" : "at most"} ${this.state.value} ${this.form.querySelector(".td-answer__words")?.textContent ?? ""}`.trim()
        : `The answer is ${this.output.textContent} ${decimal.replace("≈", ", about").replace("=", ", or")} ${this.unit}`.trim();
    }, HUSH);
  }
}

function decimalOf(value) {
  return isExact(value) ? rounded(value) : shown(value);
}

/** Whether two lines' points are the same, but for the last digit. */
function coincide(points, others) {
  const [one, other] = [points, others].map((text) => text.split(/[ ,]/).map(Number));
  return one.length === other.length && one.every((number, index) => Math.abs(number - other[index]) < 0.15);
}

/** The number at a share of an axis's length, and the other way round. */
function along(tens, [low, high, scale], part) {
  const between = (from, to) => from + (to - from) * part;
  return scale === "log" ? tens(between(Math.log10(low), Math.log10(high))) : between(low, high);
}
function share([low, high, scale], number) {
  return scale === "log" ? Math.log10(number / low) / Math.log10(high / low) : (number - low) / (high - low);
}
