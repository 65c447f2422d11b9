// A calculator on a page: reads the controls, asks the emitted module, and puts its answers into the page's elements.
// There is no formula here. Every number that is shown comes from the module, which is emitted from SymPy.

import { isExact, readNumber, rounded, shown } from "./numbers.js";

const IDLE = 1200; // [ms] after which the next change counts as a new one
const HUSH = 700; // [ms] of rest before a change is announced
const REST = 200; // [ms] of rest before a change comes into the address
export { Stepper, copy, fill, letters, readNumber, shown };

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
    this.steps = this.all("[data-step]");
    this.settled = null; // step texts from which changes are marked
    this.changed = -Infinity; // when the last change came [ms]
  }

  all(selector) {
    return this.places.flatMap((place) => [...place.querySelectorAll(selector)]);
  }

  start() {
    for (const { field, slider, parameter } of this.fields) {
      field.addEventListener("input", () => this.update());
      // A text field, since a number field takes no 5/2; up and down move it as they move its slider.
      field.addEventListener("keydown", (event) => {
        const steps = { ArrowUp: "stepUp", ArrowDown: "stepDown" }[event.key];
        if (!steps || field.hasAttribute("aria-invalid")) return;
        event.preventDefault();
        slider[steps]();
        slider.dispatchEvent(new Event("input"));
      });
      slider.addEventListener("input", () => {
        const infinite = parameter.infinite && Number(slider.value) === Number(slider.max);
        field.value = infinite ? "" : parameter.logarithmic ? String(Number(this.module.tens(slider.value).toPrecision(3))) : slider.value;
        this.update(slider);
      });
    }
    for (const select of this.selects) select.addEventListener("change", () => this.update());
    for (const place of this.places) for (const bar of place.querySelectorAll("[data-stepper]")) new Stepper(bar, this.steps);
    if ("address" in this.section.dataset) this.readAddress();
    const further = this.section.querySelector("[data-further]");
    if (further) further.open ||= [...further.querySelectorAll("select")].some((select) => select.value !== this.module.choices[select.name].start);
    this.copies();
    this.update(null, true);
    this.section.dataset.ready = "";
  }

  /** Values from the page's address; those that cannot be are named and left out. */
  readAddress() {
    const problems = [];
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name === "h") continue; // the theme's: words to highlight
      const entry = this.fields.find(({ field }) => field.name === name);
      const select = this.selects.find((choice) => choice.name === name);
      if (entry) {
        const read = this.read(entry.parameter, value);
        if (read.problem) problems.push(`${read.problem} (the address has ${name}=${value})`);
        else entry.field.value = read.value === Infinity ? "" : value.trim();
      } else if (select) {
        if ([...select.options].some((option) => option.value === value)) select.value = value;
        else problems.push(`${name} must be one of ${[...select.options].map((option) => option.value).join(", ")} (the address has ${value})`);
      } else {
        const known = [...this.fields.map(({ field }) => field.name), ...this.selects.map((choice) => choice.name)];
        problems.push(`the address may set ${known.join(", ")}, not ${name}`);
      }
    }
    const notice = this.section.querySelector("[data-notice]");
    notice.hidden = problems.length === 0;
    notice.textContent = problems.length ? `Not used, the usual value stands instead: ${problems.join("; ")}.` : "";
  }

  /** {value} of a field's text, or {problem} in a sentence. Nothing typed is infinity, where that is a value. */
  read(parameter, text) {
    if (text.trim() === "") return parameter.infinite ? { value: Infinity } : { problem: `${parameter.title} needs a number` };
    const { value, problem } = readNumber(this.module.Fraction, parameter, text);
    return problem ? { problem: `${parameter.title} ${problem}` } : { value };
  }

  /** Reads every control and shows the answer, or what is wrong beside the control that it is about. */
  update(moved = null, first = false) {
    const values = {};
    const chosen = this.module.settle(Object.fromEntries(this.selects.map((select) => [select.name, select.value])));
    const before = this.steps.map((step) => shownText(step));
    this.choose(chosen);
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
    this.mark(before, first);
    if (fine) this.links(...state);
    else this.blank(`No answer for what is typed: ${problems.join("; ")}. Steps and plot are those of the last numbers.`);
    this.announce(first, problems);
  }

  /** Shows what belongs to these options. */
  choose(chosen) {
    for (const part of this.all("[data-options]")) {
      const key = part.dataset.choices.split(" ").filter(Boolean).map((choice) => chosen[choice]).join("/");
      part.toggleAttribute("hidden", !part.dataset.options.split(" ").includes(key));
    }
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
    this.number(this.module.stops(values, chosen));
    for (const general of this.all("[data-general]")) general.hidden = silence !== "";
    for (const slot of this.all("[data-slot]")) {
      if (slot.closest("[hidden]") === null) fill(slot, valueOf(() => this.module.slots[slot.dataset.slot](values)));
    }
    this.section.querySelector("[data-silence]").hidden = true;
    this.section.querySelector("[data-answered]").hidden = false;
    if (silence === "") this.answer(values, chosen, value);
    else this.blank(silence);
    this.plot(values, chosen, value);
    return [value, chosen];
  }

  /** Counts the steps that are there, up to the first that does not hold. */
  number(stop) {
    let count = 0;
    let over = false;
    for (const step of this.steps) {
      over ||= step.dataset.step === stop;
      step.hidden = over || [...step.querySelectorAll(":scope > [data-options]")].every((variant) => variant.hasAttribute("hidden"));
      if (!step.hidden) step.value = count += 1;
    }
  }

  /** The result, exact where it is a fraction, what it is worth, and further outputs. */
  answer(values, chosen, value) {
    const exact = isExact(value);
    this.output.textContent = shown(value);
    this.section.querySelector("[data-sign]").textContent = exact ? "=" : "≈";
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
      place.nextElementSibling.textContent = this.decimal(further);
    }
  }

  /** The decimal beside a fraction, with its sign. */
  decimal(value) {
    const decimal = isExact(value) ? rounded(value) : "";
    if (decimal === "" || decimal === shown(value)) return "";
    return `${value.equals(new this.module.Fraction(decimal)) ? "=" : "≈"} ${decimal}`;
  }

  /** Marks the steps that read otherwise than before the reader began to change something. */
  mark(before, first) {
    const now = performance.now();
    if (first) return;
    if (this.settled === null || now - this.changed > IDLE) this.settled = before;
    this.changed = now;
    this.steps.forEach((step, index) => {
      const other = shownText(step) !== this.settled[index];
      step.classList.toggle("is-changed", other);
      for (const badge of step.querySelectorAll(".td-step__changed")) badge.hidden = !other;
    });
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
    // A question that has no curve has no plot: an empty frame would say that there is nothing.
    const drawn = [...drawing.querySelectorAll("[data-line]")].some((line) => line.getAttribute("points"));
    drawing.closest("figure").toggleAttribute("hidden", Boolean(axes) && value !== null && !drawn);
    if (axes || value === null) return;
    drawing.setAttribute("aria-label", `Log–log plot. ${curves[drawing.dataset.plot].title}: a straight line with slope −${decimalOf(value)}.`);
  }

  /** The links and the shell command for what is set now. */
  links(value, chosen) {
    const query = new URLSearchParams();
    // What makes no difference now is not told, nor a further assumption that is as usual.
    const there = this.fields.filter(({ field }) => field.closest("[hidden]") === null);
    const usual = ({ name, value }) => this.module.choices[name].further && value === this.module.choices[name].start;
    const telling = this.selects.filter((select) => select.closest("[hidden]") === null && !usual(select));
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
        const what = `derivation.result.${isExact(this.state.value) ? "text" : "expression.evalf(6)"}`;
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

  /** The answer as LaTeX: the formula in letters, then the value. */
  latex() {
    const { value, chosen } = this.state;
    const general = this.module.latex(chosen);
    if (!general || value === null) return this.section.querySelector("[data-silence]").textContent;
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
        : `The answer is ${this.output.textContent} ${decimal.replace("≈", ", about").replace("=", ", or")}`;
    }, HUSH);
  }
}

/** Shows the steps one by one: first the question, then the answer. */
class Stepper {
  constructor(bar, steps) {
    this.steps = steps;
    this.bar = bar;
    [this.begin, this.next, this.all] = ["start", "next", "all"].map((name) => bar.querySelector(`[data-stepper-${name}]`));
    this.place = bar.querySelector("[data-stepper-place]");
    this.begin.addEventListener("click", () => {
      this.show(1);
      this.next.focus();
    });
    this.next.addEventListener("click", () => this.show(this.at + 1));
    this.all.addEventListener("click", () => {
      this.show(Infinity);
      this.begin.focus();
    });
    bar.hidden = false;
  }

  /** Shows everything up to the half-step `at`: odd ones ask, even ones answer. */
  show(at) {
    const there = this.steps.filter((step) => !step.hidden);
    const over = at >= 2 * there.length;
    this.at = at;
    there.forEach((step, index) => {
      step.classList.toggle("is-ahead", !over && 2 * index + 1 > at);
      step.classList.toggle("is-asked", !over && 2 * index + 1 === at);
    });
    const asked = at % 2 === 1;
    this.begin.hidden = !over;
    this.next.hidden = over;
    this.all.hidden = over;
    this.next.textContent = asked ? "Show the answer" : "Next step";
    const number = Math.min(Math.ceil(at / 2), there.length);
    this.place.textContent = over ? "All steps are shown." : `Step ${number} of ${there.length}${asked ? ": what comes next?" : ""}`;
  }
}

/** What `compute` gives, or NaN where it has no value. */
function valueOf(compute) {
  try {
    return compute();
  } catch {
    return NaN;
  }
}

function decimalOf(value) {
  return isExact(value) ? rounded(value) : shown(value);
}

/** The number at a share of an axis's length, and the other way round. */
function along(tens, [low, high, scale], part) {
  const between = (from, to) => from + (to - from) * part;
  return scale === "log" ? tens(between(Math.log10(low), Math.log10(high))) : between(low, high);
}
function share([low, high, scale], number) {
  return scale === "log" ? Math.log10(number / low) / Math.log10(high / low) : (number - low) / (high - low);
}

/** Whether the text could be put on the clipboard. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A plain sentence with its letters in italics, as the build sets them. */
function letters(text) {
  return text.split(/(\^?(?<![\w'’])(?:alpha|rho|nu|[b-zB-HJ-Z])(?!\w))/).map((part, index) => {
    if (index % 2 === 0) return part;
    const letter = document.createElement("i");
    letter.textContent = part.replace("^", "").replace("alpha", "α").replace("rho", "ρ").replace("nu", "ν");
    if (!part.startsWith("^")) return letter;
    const raised = document.createElement("sup");
    raised.append(letter);
    return raised;
  });
}

/** What a step says at present: the text of the variant that is shown. */
function shownText(step) {
  return [...step.querySelectorAll("[data-options]")].filter((variant) => !variant.hasAttribute("hidden")).map((variant) => variant.textContent).join("");
}

/** Puts a number into a formula: a minus sign of its own, a power of ten as one, a fraction as its place has it. */
function fill(slot, value) {
  const { form } = slot.dataset;
  const [, minus, size, power] = /^(-?)([^^]*)\^?(.*)/.exec(shown(value));
  const [above, below] = form === "slash" ? [size] : size.split("/");
  let number = mathml("mn", above);
  if (power) number = mathml("msup", number, mathml("mn", power));
  else if (below) number = mathml("mfrac", number, mathml("mn", below));
  else if (form === "factor" && size === "1") number = ""; // 1 times a letter is the letter
  slot.replaceChildren(...(minus ? [mathml("mo", "−")] : []), number);
}

function mathml(kind, ...content) {
  const element = document.createElementNS("http://www.w3.org/1998/Math/MathML", kind);
  element.append(...content);
  return element;
}
