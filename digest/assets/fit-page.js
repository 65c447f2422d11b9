// The calculator that fits a reader's own table: reads the table and the settings, and puts what is found into the page.
// What is worked out comes from the emitted modules, by way of fit.js. Nothing leaves the reader's machine.

import { FitError, cells, curves, decode, fit, general, isRejected, readTable, report, say, thinned, which } from "./fit.js";
import * as rules from "./fitting.js";
import { shown } from "./numbers.js";
import { Derivation, arrowKeys, copy, letters, readAddress, readField } from "./pieces.js";

const AT_ONCE = 100_000; // characters that are read while one types; a longer table goes to a worker
const HELD = 200_000; // characters of a file that are shown in the field
const LINKED = 8_000; // characters of a table that fit into a link
const DRAWN = 400; // points of a plot
const BENDS = 48; // parts of a bent line
const HUSH = 700; // [ms] of rest before a change is announced
const REST = 200; // [ms] of rest before a change comes into the address
const PASTED = "pasted table";
const MARGIN = 0.04; // share of an axis that is left free at each end
const DATA = "#data=";
const [PLAIN, FITTED] = ["none", "fitted"]; // the options of the switch: whose exponent stands in front

/** Starts the calculator in `section`; rejects when its module cannot be loaded. */
export async function start(section) {
  const module = await import(new URL(section.dataset.module, document.baseURI));
  new FitPage(section, module).start();
}

class FitPage {
  constructor(section, module) {
    this.section = section;
    this.module = module;
    const uid = CSS.escape(section.dataset.uid);
    this.derivation = new Derivation([section, ...document.querySelectorAll(`[data-for="${uid}"]`)], module.slots);
    this.shells = ["data-fit-shell", "data-shell"].map((name) => document.querySelector(`[${name}="${uid}"] code`));
    const byName = new Map(module.parameters.map((parameter) => [parameter.name, parameter]));
    this.sums = [...section.querySelectorAll("input[readonly]")];
    this.fields = [...section.querySelectorAll("input[name]:not([readonly])")].map((field) => ({
      field,
      parameter: byName.get(field.name),
      slider: section.querySelector(`[data-mirrors="${field.name}"]`),
      message: document.getElementById(field.getAttribute("aria-describedby")),
    }));
    this.floor = section.querySelector("select[name]");
    this.text = this.one("[data-fit-text]");
    this.example = this.text.defaultValue;
    this.exampleName = this.one("[data-fit-file]").textContent;
    this.table = { text: this.example, name: this.exampleName };
    // A dimension may be left out: then none was measured.
    this.read = (parameter, text) =>
      parameter.name === "dimension" && text.trim() === "" ? { value: null } : readField(module.Fraction, parameter, text);
  }

  one(selector) {
    return this.section.querySelector(selector);
  }

  all(selector) {
    return [...this.section.querySelectorAll(selector)];
  }

  start() {
    for (const { field, slider, parameter } of this.fields) {
      field.addEventListener("input", () => this.update());
      arrowKeys(field, slider);
      slider.addEventListener("input", () => {
        field.value = parameter.infinite && Number(slider.value) === Number(slider.max) ? "" : slider.value;
        this.update(slider);
      });
    }
    this.floor.addEventListener("change", () => {
      this.chosen = true;
      this.update();
    });
    this.text.addEventListener("input", () => this.take({ text: this.text.value, name: PASTED }));
    this.one("[data-fit-clear]").addEventListener("click", () => {
      this.put({ text: "", name: PASTED });
      this.text.focus();
    });
    this.one("[data-fit-example]").addEventListener("click", () => this.put({ text: this.example, name: this.exampleName }));
    this.files();
    if ("address" in this.section.dataset) this.address();
    this.copies();
    this.one("[data-fit-buttons]").hidden = false;
    this.one("[data-fit-drops]").hidden = false;
    this.first = true;
    this.take(this.table);
    this.first = false;
    this.section.dataset.ready = "";
  }

  /** A file from the picker, or dropped on the table's box. */
  files() {
    const input = this.one("[data-fit-file-input]");
    input.addEventListener("change", () => {
      if (input.files.length) this.open(input.files[0]);
      input.value = "";
    });
    const box = this.one("[data-fit-drop]");
    for (const name of ["dragenter", "dragover"]) {
      box.addEventListener(name, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        box.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) box.addEventListener(name, () => box.classList.remove("is-over"));
    box.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
  }

  async open(file) {
    this.busy(`Reading ${file.name}`);
    if (file.size > rules.numbers.mostBytes) {
      // Not read at all: its length says what is wrong.
      return this.put({ problem: said(() => decode(rules, { byteLength: file.size }, file.name)), name: file.name });
    }
    let bytes;
    try {
      bytes = await file.arrayBuffer();
    } catch {
      return this.put({ problem: `${file.name}: cannot be read`, name: file.name });
    }
    if (bytes.byteLength > HELD) return this.put({ bytes, name: file.name });
    try {
      return this.put({ text: decode(rules, bytes, file.name), name: file.name });
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      return this.put({ problem: error.message, name: file.name });
    }
  }

  /** Another table, which also comes into the field where it is short enough. */
  put(table) {
    this.text.value = table.text ?? "";
    this.text.placeholder = table.bytes ? `${table.name} is too long to be shown here` : "size,loss";
    this.take(table);
  }

  /** Another table. */
  take(table) {
    this.table = table;
    this.message("");
    this.one("[data-fit-made]").hidden = table.text !== this.example;
    this.found = null;
    if (!this.first) this.chosen = false;
    this.fresh = true; // another table is no change of an assumption: nothing is marked
    this.update();
  }

  /** Settings and perhaps a small table from the page's address; what cannot be is named and left out. */
  address() {
    const further = [];
    if (location.hash.startsWith(DATA)) {
      try {
        const text = decodeURIComponent(location.hash.slice(DATA.length));
        if (text.length > LINKED) throw new URIError(text);
        this.table = { text, name: PASTED };
        this.text.value = text;
      } catch {
        further.push("the address holds no table that can be read");
      }
    }
    readAddress(this.section, this.fields, [this.floor], this.read, further);
    this.chosen = [...this.floor.options].some(({ value }) => value === new URLSearchParams(location.search).get(this.floor.name));
  }

  /** Reads the settings and answers, or says what is wrong beside what it is about. */
  update(moved = null) {
    const values = {};
    let fine = true;
    for (const { field, parameter, slider, message } of this.fields) {
      const read = this.read(parameter, field.value);
      message.textContent = read.problem ?? "";
      if (read.problem) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
      fine &&= !read.problem;
      if (read.problem) continue;
      values[parameter.name] = read.value;
      if (slider !== moved && read.value !== null) slider.value = read.value === Infinity ? slider.max : Number(read.value.valueOf());
      slider.setAttribute("aria-valuetext", read.value === Infinity ? "infinite" : field.value || "not measured");
    }
    this.values = fine ? values : null;
    this.links();
    if (!fine) this.stop();
    if (!fine) return this.refuse(this.fields.map(({ message }) => message.textContent).filter(Boolean).join(". "));
    const confidence = Number(values.confidence);
    return this.found?.confidence === confidence ? this.show() : this.search(confidence);
  }

  /** Fits the table: at once where it is short, else in a worker. */
  search(confidence) {
    this.stop();
    const { text, bytes, name, problem } = this.table;
    if (problem) return this.reject(problem);
    if (text !== undefined && text.length <= AT_ONCE) {
      try {
        const { sizes, losses } = readTable(rules, text, name);
        this.found = fit(rules, sizes, losses, confidence);
        this.found.points = thinned(rules, this.found.points, DRAWN);
      } catch (error) {
        if (!(error instanceof FitError)) throw error;
        return this.reject(error.message);
      }
      return this.show();
    }
    this.busy(`Fitting ${name}`);
    const worker = (this.worker = new Worker(new URL("./fit-worker.js", import.meta.url), { type: "module" }));
    worker.addEventListener("message", ({ data }) => {
      worker.terminate();
      if (worker !== this.worker) return;
      this.worker = null;
      if (data.problem) return this.reject(data.problem);
      this.found = data.found;
      this.update(); // the settings may have changed meanwhile
    });
    worker.addEventListener("error", () => worker === this.worker && this.reject(`${name}: the browser could not fit this table`));
    worker.postMessage({ text, bytes, name, confidence, most: DRAWN });
  }

  /** Ends a fit that is under way. */
  stop() {
    if (!this.worker) return;
    this.worker.terminate();
    this.worker = null;
    this.message("");
  }

  busy(words) {
    this.clear();
    this.section.setAttribute("aria-busy", "true");
    this.message(`${words} …`);
    this.one("[data-announce]").textContent = words;
  }

  message(words, wrong = false) {
    const message = this.one("[data-fit-message]");
    message.textContent = words;
    message.classList.toggle("is-note", !wrong);
    if (wrong) this.text.setAttribute("aria-invalid", "true");
    else this.text.removeAttribute("aria-invalid");
  }

  /** A table that cannot be fitted. */
  reject(problem) {
    const named = problem.startsWith(this.table.name) ? problem : `${this.table.name}: ${problem}`;
    this.found = null;
    this.message(named, true);
    this.refuse(named);
  }

  refuse(problem) {
    this.clear();
    this.announce(`No answer. ${problem}`);
  }

  /** Takes away whatever was found before, in the answer, the findings, the plot and the derivation. */
  clear() {
    this.section.removeAttribute("aria-busy");
    this.document = null;
    this.one("[data-result]").textContent = "";
    this.one("[data-decimal]").textContent = "";
    this.reveal(false);
    this.derive({}, null);
  }

  reveal(there) {
    for (const part of this.all("[data-fit-found]")) part.hidden = !there;
    this.one("[data-fit-none]").hidden = there;
  }

  show() {
    const { values, found } = this;
    this.lead();
    this.section.removeAttribute("aria-busy");
    this.message("");
    const [m, q, s] = [values.loss_order, values.degree, values.smoothness];
    const dimension = values.dimension === null ? null : Number(values.dimension.valueOf());
    this.document = report(rules, this.table.name, found, { m, q, s, dimension });
    const fitted = this.floor.value === FITTED;
    const front = fitted ? found.irreducible : found.power_law;
    this.answer(front, fitted);
    this.table_(dimension);
    this.plot();
    this.reveal(true);
    this.derive(values, fitted ? found.sums.fitted : found.sums.none);
    this.announce(front ? `alpha is ${general(front.alpha, 4)}, with a standard error of ${general(front.standard_error, 2)}. ${found.comparison}` : found.comparison);
  }

  /** Puts the fit in front that the table does not reject, unless the reader has chosen one for this table. */
  lead() {
    const value = isRejected(rules, this.found.irreducible) ? FITTED : PLAIN;
    if (this.chosen || this.floor.value === value) return;
    this.floor.value = value;
    this.links();
  }

  answer(front, fitted) {
    this.one("[data-result]").textContent = front ? shown(front.alpha) : rules.words.cells.absent;
    this.one("[data-decimal]").textContent = front ? `± ${general(front.standard_error, 2)}` : "";
    this.one("[data-fit-which]").textContent = which(rules, fitted, this.found.irreducible);
  }

  /** The table of both fits, the sentences, and the local exponents. */
  table_(dimension) {
    const { document: found } = this;
    this.one("[data-fit-file]").textContent = found.file;
    const rows = found.rows === found.sizes ? "" : ` (${found.rows} rows)`;
    this.one("[data-fit-sizes]").textContent = `${found.sizes} sizes${rows}`;
    this.one("[data-fit-percent]").textContent = general(rules.formulas.percent(found.confidence), 6);
    this.one("[data-fit-cells]").replaceChildren(
      ...cells(rules, found).map(([title, ...texts]) => {
        const head = element("th", letters(title));
        head.scope = "row";
        return element("tr", [head, ...texts.map((text) => element("td", [text]))]);
      }),
    );
    this.one("[data-fit-comparison]").replaceChildren(...letters(found.comparison));
    this.one("[data-fit-verdicts]").replaceChildren(
      ...found.readings.filter(({ verdict }) => verdict !== null).map(({ fit: title, verdict }) =>
        element("p", [element("b", [`Against d = ${general(dimension, 6)}, ${title}:`]), " ", ...letters(verdict)]),
      ),
    );
    this.one("[data-fit-local]").replaceChildren(
      ...found.local.map(({ low, high, alpha }) =>
        element("tr", [general(low, 6), general(high, 6), general(alpha, 4)].map((text) => element("td", [text]))),
      ),
    );
  }

  plot() {
    const { found } = this;
    const drawing = this.one("svg[data-fit-plot]");
    const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((name) => Number(drawing.dataset[name]));
    const lines = curves(rules, found, BENDS);
    const { x, y, size } = found.points;
    const heights = [...y, ...lines.flat().map(([, height]) => height)];
    const across = new Axis(x[0], x[x.length - 1], left, right);
    const up = new Axis(Math.min(...heights), Math.max(...heights), bottom, top);
    drawing.querySelectorAll("[data-fit-line]").forEach((line, place) => {
      line.setAttribute("points", (lines[place] ?? []).map(([a, b]) => `${across.at(a)},${up.at(b)}`).join(" "));
      this.all("[data-fit-legend]")[place].hidden = !(place in lines);
    });
    drawing.querySelector("[data-fit-points]").replaceChildren(
      ...x.map((place, index) => part("circle", { cx: across.at(place), cy: up.at(y[index]), r: x.length > 60 ? 2 : 3.5 })),
    );
    const [columns, rows] = [across.marks(), up.marks()];
    drawing.querySelector("[data-fit-grid]").replaceChildren(
      ...columns.map(({ at }) => part("path", { d: `M${at} ${top}V${bottom}` })),
      ...rows.map(({ at }) => part("path", { d: `M${left} ${at}H${right}` })),
    );
    drawing.querySelector("[data-fit-ticks]").replaceChildren(
      ...columns.map((mark) => tick(mark, { x: mark.at, y: bottom + 15, "text-anchor": "middle" })),
      ...rows.map((mark) => tick(mark, { x: left - 7, y: mark.at + 4, "text-anchor": "end" })),
    );
    const { plot } = rules.words;
    const floor = lines.length > 1 ? say(plot.floor, found.irreducible) : "";
    const ends = { sizes: found.sizes, first: size[0], last: size[1] };
    const [begin, end] = [y[0], y[y.length - 1]].map(rules.formulas.exponential);
    drawing.setAttribute("aria-label", say(plot.all, { ...ends, begin, end, alpha: found.power_law.alpha, floor }));
  }

  /** The derivation with the table's sums in it, where there are any. */
  derive(values, sums) {
    for (const field of this.sums) field.value = sums ? String(Number((sums[field.name] ?? 0).toPrecision(12))) : "";
    const sizes = sums ? new this.module.Fraction(sums.sizes) : NaN; // what is exact is worked out with fractions
    this.derivation.choose({ [this.floor.name]: this.floor.value });
    this.derivation.show({ ...values, ...sums, sizes });
    if (!sums) return;
    const before = this.fresh ? null : this.said;
    this.said = this.derivation.texts();
    this.derivation.mark(before);
    this.fresh = false;
  }

  /** The links and the shell commands for what is set now; the table is in none of them. */
  links() {
    const query = new URLSearchParams();
    for (const { field, parameter } of this.fields) query.set(field.name, field.value === "" && parameter.infinite ? "oo" : field.value);
    query.set(this.floor.name, this.floor.value);
    this.query = query;
    for (const link of document.querySelectorAll("[data-open]")) {
      if (this.section.contains(link) || "address" in this.section.dataset) link.href = `${this.section.dataset.page}?${query}`;
    }
    const [fits, shows] = this.shells;
    const usual = { smoothness: "oo", confidence: "0.95", dimension: "" };
    const words = [...query].filter(([name, text]) => name !== this.floor.name && text !== usual[name]);
    const file = /^[\w.-]+$/.test(this.table.name) && this.table.text !== this.example ? this.table.name : "losses.csv";
    this.command = ["python -m calculators fit", file, ...words.map(([name, text]) => `--${name.replace("_", "-")} ${text}`)].join(" ");
    if (fits) fits.textContent = this.command;
    const told = [...query].filter(([, text]) => text !== "").map(([name, text]) => `--set ${name}=${text}`);
    if (shows) shows.textContent = `python -m calculators show ${this.module.id} ${told.join(" ")}`;
    clearTimeout(this.rest);
    if (!("address" in this.section.dataset) || !("ready" in this.section.dataset)) return;
    // A table that came with the link stays in it no longer than it is the one that is fitted.
    const hash = location.hash.startsWith(DATA) ? "" : location.hash;
    this.rest = setTimeout(() => history.replaceState(history.state, "", `?${query}${hash}`), REST);
  }

  /** What the reader can take along. */
  copies() {
    const bar = this.one("[data-copies]");
    const page = () => `${new URL(this.section.dataset.page, document.baseURI)}?${this.query}`;
    const texts = {
      link: page,
      data: () => `${page()}${DATA}${encodeURIComponent(this.table.text)}`,
      latex: () => this.latex(),
      python: () => this.python(),
      bibtex: () => `${this.module.bibtex}\n`,
    };
    const said_ = bar.querySelector("[data-copied]");
    for (const button of bar.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        if (button.dataset.copy === "data" && !(this.table.text?.length <= LINKED)) {
          said_.textContent = `A link can hold a table of at most ${LINKED.toLocaleString("en")} characters.`;
          return;
        }
        const done = await copy(texts[button.dataset.copy]());
        said_.textContent = done ? `${button.textContent} copied` : "The browser does not let pages copy.";
      });
    }
    this.one("[data-fit-download]").addEventListener("click", () => {
      if (!this.document) return void (said_.textContent = "There is no result to download.");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`${JSON.stringify(this.document, null, 2)}\n`], { type: "application/json" }));
      link.download = `${this.table.name.replace(/\.\w+$/, "").replaceAll(" ", "-")}.fit.json`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
    bar.hidden = false;
    this.one("[data-fit-linknote]").hidden = false;
  }

  latex() {
    const front = this.document && (this.floor.value === FITTED ? this.document.irreducible : this.document.power_law);
    return front ? `${this.module.latex({ [this.floor.name]: this.floor.value })} \\approx ${general(front.alpha, 4)} \\pm ${general(front.standard_error, 2)}` : "";
  }

  python() {
    const { dimension, confidence, floor, ...settings } = Object.fromEntries(this.query);
    return [
      "from pathlib import Path",
      "",
      "from calculators import findings, fitting, implied, tables",
      "",
      'sizes, losses = tables.size_and_loss(Path("losses.csv"))',
      `fit = fitting.fit(sizes, losses, ${confidence})`,
      `law = implied.theory(${JSON.stringify(settings)})`,
      `print(findings.fit_text(findings.FitReport("losses.csv", fit, law, ${dimension || "None"}, None)))`,
      "",
    ].join("\n");
  }

  /** Says the answer once the reader rests, for those who listen. */
  announce(words) {
    clearTimeout(this.timer);
    if (this.first) return;
    this.timer = setTimeout(() => (this.one("[data-announce]").textContent = words), HUSH);
  }
}

/** A logarithmic axis: natural logarithms from `low` to `high`, drawn from `start` to `end`. */
class Axis {
  constructor(low, high, start, end) {
    const room = MARGIN * (high - low) || 0.5;
    Object.assign(this, { low: low - room, high: high + room, start, end });
  }

  at(log) {
    return Number((this.start + ((this.end - this.start) * (log - this.low)) / (this.high - this.low)).toFixed(1));
  }

  /** Powers of ten, at most six, or where there is but one 1, 2 and 5 times powers of ten. */
  marks() {
    const { logarithm } = rules.formulas;
    const ten = logarithm(10);
    const [first, last] = [Math.floor(this.low / ten), Math.ceil(this.high / ten)];
    const powers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
    const within = (log) => this.low <= log && log <= this.high;
    const digits = powers.filter((power) => within(power * ten)).length > 1 ? [1] : [1, 2, 5];
    const every = Math.max(1, Math.ceil(powers.length / 6));
    return powers.flatMap((power) =>
      digits
        .map((digit) => ({ digit, log: logarithm(digit) + power * ten }))
        .filter(({ log }) => within(log) && (digits.length > 1 || power % every === 0))
        .map(({ digit, log }) => {
          const plain = power > -4 && power < 4;
          return { at: this.at(log), text: plain ? general(Number(`${digit}e${power}`), 6) : String(digit), power: plain ? null : power };
        }),
    );
  }
}

/** A mark's number, or its power of ten, raised. */
function tick({ text, power }, attributes) {
  const label = part("text", attributes);
  if (power === null) label.append(text);
  else {
    const raised = part("tspan", { dy: "-4.5", "font-size": "75%" });
    raised.append(String(power).replace("-", "−"));
    label.append(`${text === "1" ? "" : `${text}·`}10`, raised);
  }
  return label;
}

function part(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
  return made;
}

function element(name, children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** The message of the FitError that `compute` throws. */
function said(compute) {
  try {
    compute();
    return "";
  } catch (error) {
    return error.message;
  }
}
