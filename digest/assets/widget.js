// A calculator on a page: reads the controls, asks the emitted module, and puts its answers into the page's elements.
// There is no formula here. Every number that is shown comes from the module, which is emitted from SymPy.

const LARGEST = 1_000_000n; // the largest numerator and denominator that the calculators take
const IDLE = 1200; // [ms] after which the next change counts as a new one
const HUSH = 700; // [ms] of rest before a change is announced

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
      slider.addEventListener("input", () => {
        const infinite = parameter.infinite && Number(slider.value) === Number(slider.max);
        field.value = infinite ? "" : slider.value;
        this.update(slider);
      });
    }
    for (const select of this.selects) select.addEventListener("change", () => this.update());
    for (const place of this.places) for (const bar of place.querySelectorAll("[data-stepper]")) new Stepper(bar, this.steps);
    if ("address" in this.section.dataset) this.readAddress();
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
        const infinite = entry.parameter.infinite && ["oo", "∞", "inf", "infinity", ""].includes(value.trim().toLowerCase());
        const read = infinite ? { value: Infinity } : readNumber(this.module.Fraction, entry.parameter, value);
        const typed = infinite || read.problem ? "" : String(read.value.valueOf());
        // A number field holds decimals only, so a third cannot be typed into it.
        const kept = read.problem || infinite || readNumber(this.module.Fraction, entry.parameter, typed).value?.equals(read.value);
        if (read.problem) problems.push(`${read.problem} (the address has ${name}=${value})`);
        else if (!kept) problems.push(`${entry.parameter.title} takes decimals here (the address has ${name}=${value})`);
        else entry.field.value = typed;
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

  /** Reads every control and shows the answer, or what is wrong beside the control that it is about. */
  update(moved = null, first = false) {
    const values = {};
    let fine = true;
    for (const { field, parameter, slider, message } of this.fields) {
      const read = field.validity.badInput
        ? { problem: `${parameter.title}: write a number in digits` }
        : field.value === "" && parameter.infinite
          ? { value: Infinity }
          : readNumber(this.module.Fraction, parameter, field.value);
      message.textContent = read.problem ?? "";
      field.toggleAttribute("aria-invalid", false);
      if (read.problem) field.setAttribute("aria-invalid", "true");
      fine &&= !read.problem;
      if (read.problem) continue;
      values[parameter.name] = read.value;
      if (slider !== moved) slider.value = read.value === Infinity ? slider.max : Number(read.value.valueOf());
      slider.setAttribute("aria-valuetext", read.value === Infinity ? "infinite" : field.value);
    }
    const chosen = new Set();
    for (const select of this.selects) {
      const choice = this.module.choices[select.name];
      values[choice.parameter] = new this.module.Fraction(choice.options[select.value].value);
      chosen.add(select.value);
    }
    this.section.classList.toggle("is-blank", !fine);
    if (fine) this.show(values, chosen, first);
    else this.blank();
    this.announce(first, fine);
  }

  blank() {
    this.output.textContent = "";
    this.section.querySelector("[data-decimal]").textContent = "";
  }

  show(values, chosen, first) {
    const before = this.steps.map((step) => shownText(step));
    const exact = this.module.result(values);
    const text = exact.toFraction();
    const decimal = rounded(exact);
    this.output.textContent = text;
    const sign = exact.equals(new this.module.Fraction(decimal)) ? "=" : "≈";
    this.section.querySelector("[data-decimal]").textContent = decimal === text ? "" : `${sign} ${decimal}`;
    const verdict = this.module.verdicts[this.module.verdict(values)];
    this.section.querySelector("[data-status]").textContent = verdict.status;
    const meaning = this.section.querySelector("[data-meaning]");
    if (meaning.dataset.verdict !== verdict.meaning && !first) meaning.replaceChildren(...letters(verdict.meaning));
    meaning.dataset.verdict = verdict.meaning;
    for (const variant of this.all("[data-options]")) {
      variant.hidden = !variant.dataset.options.split(" ").some((option) => chosen.has(option));
    }
    for (const slot of this.all("[data-slot]")) fill(slot, this.module.slots[slot.dataset.slot](values));
    this.mark(before, first);
    this.plot(values, decimal);
    this.links();
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
      step.querySelector(".td-step__changed").hidden = !other;
    });
  }

  plot(values, decimal) {
    const drawing = this.section.querySelector("svg[data-plot]");
    const { left, top, right, bottom, decades } = Object.fromEntries(
      ["left", "top", "right", "bottom", "decades"].map((name) => [name, Number(drawing.dataset[name])]),
    );
    const curve = this.module.curves[drawing.dataset.plot];
    const points = [];
    for (let x = 0; x <= decades; x += 1) {
      const y = -Math.log10(curve.value(values, Number(`1e${x}`)));
      if (!Number.isFinite(y)) break;
      points.push(`${(left + (x * (right - left)) / decades).toFixed(1)},${(top + (y * (bottom - top)) / decades).toFixed(1)}`);
    }
    drawing.querySelector("[data-line]").setAttribute("points", points.join(" "));
    drawing.setAttribute("aria-label", `Log–log plot. ${curve.title}: a straight line with slope −${decimal}.`);
  }

  /** The links and the shell command for what is set now. */
  links() {
    const query = new URLSearchParams();
    for (const { field, parameter } of this.fields) query.set(field.name, field.value === "" && parameter.infinite ? "oo" : field.value);
    for (const select of this.selects) query.set(select.name, select.value);
    for (const link of this.section.querySelectorAll("[data-open]")) link.href = `${this.section.dataset.page}?${query}`;
    const named = this.fields.map(({ field, parameter }) => `${parameter.title} ${field.value || "∞"}`);
    const picked = this.selects.map((select) => select.selectedOptions[0].text);
    this.section.querySelector("[data-settings]").textContent = [...named, ...picked].join(" · ");
    if (this.shell) {
      const settings = [...query].map(([name, value]) => `--set ${name}=${value}`).join(" ");
      this.shell.textContent = `python -m calculators show ${this.module.id} ${settings}`;
    }
  }

  /** Says the answer once the reader rests, for those who listen. */
  announce(first, fine) {
    clearTimeout(this.timer);
    if (first) return;
    this.timer = setTimeout(() => {
      const decimal = this.section.querySelector("[data-decimal]").textContent;
      const problems = this.fields.map(({ message }) => message.textContent).filter(Boolean);
      this.section.querySelector("[data-announce]").textContent = fine
        ? `The answer is ${this.output.textContent} ${decimal.replace("≈", ", about").replace("=", ", or")}`
        : `No answer. ${problems.join(". ")}`;
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
    const over = at >= 2 * this.steps.length;
    this.at = at;
    this.steps.forEach((step, index) => {
      step.classList.toggle("is-ahead", !over && 2 * index + 1 > at);
      step.classList.toggle("is-asked", !over && 2 * index + 1 === at);
    });
    const asked = at % 2 === 1;
    this.begin.hidden = !over;
    this.next.hidden = over;
    this.all.hidden = over;
    this.next.textContent = asked ? "Show the answer" : "Next step";
    const number = Math.min(Math.ceil(at / 2), this.steps.length);
    this.place.textContent = over ? "All steps are shown." : `Step ${number} of ${this.steps.length}${asked ? ": what comes next?" : ""}`;
  }
}

/** {value} as an exact Fraction, or {problem} in words. */
function readNumber(Fraction, parameter, text) {
  const name = parameter.title;
  if (text.trim() === "") return { problem: `${name} needs a number` };
  let value;
  try {
    value = new Fraction(text.trim());
  } catch {
    return { problem: `${name} must be a number, such as ${parameter.start === "oo" ? "3/2" : parameter.start}` };
  }
  const least = new Fraction(parameter.minimum);
  if (value.lt(least) || (parameter.open && value.equals(least))) {
    return { problem: `${name} must be ${parameter.open ? "more than" : "at least"} ${parameter.minimum}` };
  }
  if (parameter.integer && value.d !== 1n) return { problem: `${name} must be a whole number` };
  if (value.n > LARGEST) return { problem: `${name} must be at most ${LARGEST.toLocaleString("en")}` };
  if (value.d > LARGEST) return { problem: `${name} must have at most six decimals` };
  return { value };
}

/** At most three decimals, halves to even as the build rounds; two digits of what is smaller than that. */
function rounded({ n, d }) {
  let thousandths = (n * 1000n) / d;
  const rest = 2n * ((n * 1000n) % d);
  if (rest > d || (rest === d && thousandths % 2n === 1n)) thousandths += 1n;
  return thousandths === 0n ? (Number(n) / Number(d)).toPrecision(2) : String(Number(thousandths) / 1000);
}

/** A plain sentence with its letters in italics, as the build sets them. */
function letters(text) {
  return text.split(/(\^?(?<![\w'’])(?:alpha|[b-zB-HJ-Z])(?!\w))/).map((part, index) => {
    if (index % 2 === 0) return part;
    const letter = document.createElement("i");
    letter.textContent = part.replace("^", "").replace("alpha", "α");
    if (!part.startsWith("^")) return letter;
    const raised = document.createElement("sup");
    raised.append(letter);
    return raised;
  });
}

/** What a step says at present: the text of the variant that is shown. */
function shownText(step) {
  return [...step.querySelectorAll("[data-options]")].filter((variant) => !variant.hidden).map((variant) => variant.textContent).join("");
}

/** Puts an exact number into a formula: a minus sign of its own, a fraction with a slash. */
function fill(slot, value) {
  const text = value === Infinity ? "∞" : value.toFraction();
  const parts = text.startsWith("-") ? [["mo", "−"], ["mn", text.slice(1)]] : [["mn", text]];
  slot.replaceChildren(
    ...parts.map(([kind, content]) => {
      const element = document.createElementNS("http://www.w3.org/1998/Math/MathML", kind);
      element.textContent = content;
      return element;
    }),
  );
}
