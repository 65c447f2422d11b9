// Pieces that the pages of calculators share: the derivation, the fields, the address, the clipboard. There is no formula
// here: numbers come from the emitted module.

import { readNumber, shown } from "./numbers.js";

const IDLE = 1200; // [ms] after which the next change counts as a new one

/** What `places` show for some settings only: steps and other variants, and the numbers in their formulas. */
export class Derivation {
  constructor(places, slots) {
    const all = (selector) => places.flatMap((place) => [...place.querySelectorAll(selector)]);
    this.formulas = slots;
    this.variants = all("[data-options]").map((piece) => ({
      piece,
      choices: piece.dataset.choices.split(" ").filter(Boolean),
      options: piece.dataset.options.split(" "),
    }));
    this.steps = all("[data-step]");
    this.parts = this.steps.map((step) => [...step.querySelectorAll("[data-options]")]);
    this.slots = all("[data-slot]");
    this.filled = new Map(); // slot -> what stands in it
    this.settled = null; // step texts from which changes are marked
    this.changed = -Infinity; // when the last change came [ms]
    for (const bar of all("[data-stepper]")) new Stepper(bar, this.steps);
  }

  /** Shows what belongs to these options. */
  choose(chosen) {
    for (const { piece, choices, options } of this.variants) {
      piece.toggleAttribute("hidden", !options.includes(choices.map((choice) => chosen[choice]).join("/")));
    }
  }

  /** Counts the steps that are there, up to the first that does not hold, and puts the values into the formulas. */
  show(values, stop = "") {
    let count = 0;
    let over = false;
    for (const step of this.steps) {
      over ||= step.dataset.step === stop;
      step.hidden = over || [...step.querySelectorAll(":scope > [data-options]")].every((variant) => variant.hasAttribute("hidden"));
      if (!step.hidden && step.value !== (count += 1)) step.value = count;
    }
    for (const slot of this.slots) {
      if (slot.closest("[hidden]") !== null) continue;
      const text = shown(valueOf(() => this.formulas[slot.dataset.slot](values)));
      // A formula that is touched is laid out again.
      if (this.filled.get(slot) !== text) fill(slot, text);
      this.filled.set(slot, text);
    }
  }

  /** Marks the steps that read otherwise than before the reader began to change something; null: none. */
  mark(before) {
    const now = performance.now();
    if (this.settled === null || now - this.changed > IDLE) this.settled = before;
    this.changed = now;
    const texts = this.texts();
    if (before === null) this.settled = null;
    this.steps.forEach((step, index) => {
      const other = this.settled !== null && texts[index] !== this.settled[index];
      step.classList.toggle("is-changed", other);
      for (const badge of step.querySelectorAll(".td-step__changed")) badge.hidden = !other;
    });
  }

  /** What each step says at present: the text of the variant that is shown. */
  texts() {
    return this.parts.map((parts) => parts.filter((part) => !part.hasAttribute("hidden")).map((part) => part.textContent).join(""));
  }
}

/** Up and down move a field as they move its slider: it is a text field, since a number field takes no 5/2. */
export function arrowKeys(field, slider) {
  field.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: "stepUp", ArrowDown: "stepDown" }[event.key];
    if (!steps || field.hasAttribute("aria-invalid")) return;
    event.preventDefault();
    slider[steps]();
    slider.dispatchEvent(new Event("input"));
  });
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

/** {value} of a field's text, or {problem} in a sentence. Nothing typed is infinity, where that is a value. */
export function readField(Fraction, parameter, text) {
  if (text.trim() === "") return parameter.infinite ? { value: Infinity } : { problem: `${parameter.title} needs a number` };
  const { value, problem } = readNumber(Fraction, parameter, text);
  return problem ? { problem: `${parameter.title} ${problem}` } : { value };
}

/** What somebody else wrote into an address, as much of it as tells which it is. */
function short(text) {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Puts the settings of the page's address into the controls, and says in the notice what cannot be and is left out. */
export function readAddress(section, fields, selects, read, further = []) {
  const problems = [];
  const repeated = [];
  const seen = new Set();
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name === "h") continue; // the theme's: words to highlight
    if (seen.has(name)) {
      repeated.push(`${short(name)} must be set once (the address has ${short(value)} as well)`);
      continue;
    }
    seen.add(name);
    const entry = fields.find(({ field }) => field.name === name);
    const select = selects.find((choice) => choice.name === name);
    const options = select ? [...select.options].map((option) => option.value) : [];
    if (entry) {
      const { value: found, problem } = read(entry.parameter, value.slice(0, 1000));
      if (problem) problems.push(`${problem} (the address has ${name}=${short(value)})`);
      else entry.field.value = found === Infinity ? "" : value.trim();
    } else if (options.includes(value)) select.value = value;
    else if (select) problems.push(`${name} must be one of ${options.join(", ")} (the address has ${short(value)})`);
    else problems.push(`the address may set ${[...fields.map(({ field }) => field), ...selects].map((known) => known.name).join(", ")}, not ${short(name)}`);
  }
  problems.push(...further);
  const notice = section.querySelector("[data-notice]");
  const said = [
    problems.length ? `Not used, the usual value stands instead: ${problems.join("; ")}.` : "",
    repeated.length ? `The first value counts: ${repeated.join("; ")}.` : "",
  ].filter(Boolean);
  notice.hidden = said.length === 0;
  notice.textContent = said.join(" ");
}

/** What `compute` gives, or NaN where it has no value. */
export function valueOf(compute) {
  try {
    return compute() ?? NaN; // nothing where what it needs was not measured
  } catch {
    return NaN;
  }
}

/** Whether the text could be put on the clipboard. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

const GREEK = { alpha: "α", beta: "β", delta: "δ", epsilon: "ε", lambda: "λ", nu: "ν", rho: "ρ", sigma: "σ" };
const LETTER = "(?:alpha|beta|delta|epsilon|lambda|nu|rho|sigma|[A-Za-z](?=_)|[b-zB-HJ-Z])(?:_(?:alpha|beta|delta|[A-Za-z0-9]{1,3}))?";
const LETTERS = new RegExp(`(\\^-?\\d+(?:\\.\\d+)?|\\^?(?<![\\w'’])(?<!Table )${LETTER}(?!\\w))`);

/** A plain sentence with its letters in italics, indices lowered and powers raised, as the build sets them. */
export function letters(text) {
  const signed = text.replaceAll(">=", "≥").replaceAll("<=", "≤").replaceAll("+-", "±");
  return signed.split(LETTERS).flatMap((part, index) => {
    if (index % 2 === 0) return part;
    const [name, below] = part.replace("^", "").split("_");
    const set = [/[0-9]$/.test(name) ? name.replace("-", "−") : piece("i", GREEK[name] ?? name)];
    if (below) set.push(piece("sub", below === "oo" ? "∞" : (GREEK[below] ?? below)));
    return part.startsWith("^") ? piece("sup", ...set) : set;
  });
}

function piece(kind, ...content) {
  const element = document.createElement(kind);
  element.append(...content);
  return element;
}

/** Puts a number into a formula: a minus sign of its own, a power of ten as one, a fraction as its place has it. */
function fill(slot, text) {
  const { form } = slot.dataset;
  const [, minus, size, power] = /^(-?)([^^]*)\^?(.*)/.exec(text);
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
