// A power law fitted to a table of size and loss: reads the table, sums, and searches for the irreducible loss.
// There is no formula here: `rules` is the module emitted from SymPy (assets/fitting.js), with every formula, every number
// of the search and every sentence. No document either, so that it runs on the page, in a worker and under Node.

/** What is wrong with a table or its numbers, in one line. */
export class FitError extends Error {}

const BOM = /^\uFEFF/;
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)$/i;

/** The text in a file's bytes; throws a FitError where they are no text or too many. */
export function decode(rules, bytes, name) {
  const { mostBytes, mebibyte } = rules.numbers;
  const [most, got] = [mostBytes, bytes.byteLength].map((count) => Math.floor(count / mebibyte));
  if (bytes.byteLength > mostBytes) throw wrong(rules, name, "size", { most, got });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw wrong(rules, name, "bytes");
  }
}

/** {sizes, losses}, two Float64Arrays, from a text of two columns; `name` begins every message. */
export function readTable(rules, text, name) {
  if (text.includes("\0")) throw wrong(rules, name, "bytes");
  const lines = text.replace(BOM, "").replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
  const sizes = new Float64Array(lines.length);
  const losses = new Float64Array(lines.length);
  let delimiter = "";
  let places = [0, 1];
  let width = 0;
  let rows = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    const mark = line.indexOf("#");
    const content = (mark < 0 ? line : line.slice(0, mark)).trim();
    if (content === "") continue;
    delimiter ||= [";", "\t", ","].find((sign) => content.includes(sign)) ?? " ";
    const fields = cut(rules, content, delimiter, name, index + 1);
    if (width === 0) {
      width = 2;
      if (!fields.some(isNumber) && fields.every((field) => /^\p{L}/u.test(field))) {
        width = fields.length;
        places = columns(rules, fields, name);
        continue;
      }
    }
    if (fields.length !== width) throw wrong(rules, name, width === 2 ? "two" : "width", { width, got: fields.length }, index + 1);
    sizes[rows] = positive(rules, fields[places[0]], "a size", name, index + 1);
    losses[rows] = positive(rules, fields[places[1]], "a loss", name, index + 1);
    rows += 1;
  }
  if (rows === 0) throw wrong(rules, name, "empty");
  return { sizes: sizes.subarray(0, rows), losses: losses.subarray(0, rows) };
}

function columns(rules, header, name) {
  const names = header.map((field) => field.toLowerCase());
  if (["size", "loss"].every((wanted) => names.filter((field) => field === wanted).length === 1)) {
    return [names.indexOf("size"), names.indexOf("loss")];
  }
  if (names.length !== 2) throw wrong(rules, name, "header", { got: names.length });
  // One name may be known; the other column is the other quantity.
  return names[0] === "loss" || names[1] === "size" ? [1, 0] : [0, 1];
}

function cut(rules, content, delimiter, name, number) {
  if (delimiter === " ") return content.split(/\s+/u);
  if (!content.includes('"')) return content.split(delimiter).map((field) => field.trim());
  const fields = [];
  let rest = content;
  while (rest !== null) {
    rest = rest.replace(/^ +/, "");
    const quoted = rest.match(/^"((?:[^"]|"")*)"/);
    if (rest.startsWith('"') && (!quoted || (rest.length > quoted[0].length && rest[quoted[0].length] !== delimiter))) {
      throw wrong(rules, name, "quotes", { got: repr(rules, content) }, number);
    }
    const end = quoted ? quoted[0].length : rest.indexOf(delimiter);
    fields.push((quoted ? quoted[1].replaceAll('""', '"') : end < 0 ? rest : rest.slice(0, end)).trim());
    rest = end < 0 || end >= rest.length ? null : rest.slice(end + 1);
  }
  return fields;
}

function isNumber(field) {
  return NUMBER.test(field);
}

function positive(rules, field, what, name, number) {
  const problem = (rule) => wrong(rules, name, rule, { what, got: repr(rules, field) }, number);
  if (!isNumber(field)) throw problem("number");
  const value = Number(field);
  if (!Number.isFinite(value)) throw problem("finite");
  if (value <= 0) throw problem("positive");
  return value;
}

function wrong(rules, name, rule, values = {}, number = 0) {
  return new FitError(`${name}${number ? `:${number}` : ""}: ${say(rules.words.tables[rule], values)}`);
}

/** A text in quotes as the shell shows it, cut when it is long. */
function repr(rules, text) {
  const letters = [...text];
  const { shown } = rules.numbers;
  const short = letters.length <= shown ? text : `${letters.slice(0, shown).join("")}…`;
  const sign = short.includes("'") && !short.includes('"') ? '"' : "'";
  const escaped = short.replace(/[\\\p{C}\p{Z}]|'/gu, (letter) => {
    if (letter === " " || (letter === "'" && sign === '"')) return letter;
    if (letter === "\\" || letter === "'") return `\\${letter}`;
    const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[letter];
    const code = letter.codePointAt(0).toString(16);
    return known ?? (code.length <= 2 ? `\\x${code.padStart(2, "0")}` : code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`);
  });
  return `${sign}${escaped}${sign}`;
}

/** A template of the emitted words with its values in it: `{alpha:.4g}`, `{d:g}`, `{law}`. */
export function say(template, values) {
  return template.replace(/\{(\w+)(?::(?:\.(\d+))?g)?\}/g, (hole, name, digits) =>
    hole.endsWith("g}") ? general(values[name], Number(digits ?? 6)) : String(values[name]),
  );
}

/** A number with at most so many digits, as the shell writes it. */
export function general(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  let [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  // Halves go to the even digit, as in Python; here they would go up.
  const long = Math.abs(value).toExponential(60).split("e");
  if (/^50*$/.test(long[0].replace(".", "").slice(digits))) {
    const down = long[0].replace(".", "").slice(0, digits);
    if (Number(down.at(-1)) % 2 === 0) {
      mantissa = `${value < 0 ? "-" : ""}${down[0]}${digits > 1 ? `.${down.slice(1)}` : ""}`;
      exponent = long[1];
    }
  }
  const power = Number(exponent);
  if (power < -4 || power >= digits) {
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const plain = Number(`${mantissa}e${exponent}`).toFixed(digits - 1 - power);
  return plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain;
}

/** Two digits of a number, without a power of ten below a million. */
const twoDigits = (value) => general(Number(general(value, 2)), 6);

/** The sum of `term(0)` … `term(count - 1)`, with what rounding would drop. */
function sum(count, term) {
  let total = 0;
  let lost = 0;
  for (let index = 0; index < count; index += 1) {
    const value = term(index);
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** The points, one for each size, sorted: sizes, and logarithms of size and mean loss. */
export function gather(rules, sizes, losses) {
  const { logarithm } = rules.formulas;
  const order = new Uint32Array(sizes.length).map((_, index) => index);
  const logs = Float64Array.from(sizes, logarithm);
  order.sort((a, b) => logs[a] - logs[b] || a - b);
  const size = [];
  const x = [];
  const y = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    const place = logs[order[start]];
    while (end < order.length && logs[order[end]] === place) end += 1;
    // A mean of equal numbers is that number: what is summed is the distance from the first.
    const first = logarithm(losses[order[start]]);
    const rest = sum(end - start, (index) => logarithm(losses[order[start + index]]) - first);
    size.push(sizes[order[start]]);
    x.push(place);
    y.push(first + rest / (end - start));
  }
  const { least } = rules.numbers;
  if (x.length < least) throw new FitError(say(rules.words.problems.few, { least, got: x.length }));
  return { rows: order.length, size, x: Float64Array.from(x), y: Float64Array.from(y) };
}

/** The line through points of equal weight; the formulas are applied twice, the second time to what the first leaves. */
function line({ formulas }, x, y) {
  const n = x.length;
  const middle = sum(n, (i) => x[i]) / n;
  const height = sum(n, (i) => y[i]) / n;
  const across = x.map((value) => value - middle);
  const up = y.map((value) => value - height);
  const sx = sum(n, (i) => across[i]);
  const sxx = sum(n, (i) => across[i] * across[i]);
  let sy = sum(n, (i) => up[i]);
  let sxy = sum(n, (i) => across[i] * up[i]);
  let slope = formulas.slope(n, sx, sy, sxx, sxy);
  let lift = formulas.intercept(n, sx, sy, sxx, sxy);
  const rest = up.map((value, i) => value - formulas.height(slope, lift, across[i]));
  sy = sum(n, (i) => rest[i]);
  sxy = sum(n, (i) => across[i] * rest[i]);
  const syy = sum(n, (i) => rest[i] * rest[i]);
  slope += formulas.slope(n, sx, sy, sxx, sxy);
  lift += formulas.intercept(n, sx, sy, sxx, sxy);
  return {
    slope,
    intercept: formulas.at_zero(slope, lift, middle, height),
    total: Math.max(0, formulas.residual_sum(n, sx, sy, sxx, sxy, syy)),
    variance: Math.max(0, formulas.slope_variance(n, sx, sy, sxx, sxy, syy)),
    sums: { sizes: n, sum_xx: sxx, sum_xy: sum(n, (i) => across[i] * up[i]), sum_yy: sum(n, (i) => up[i] * up[i]) },
  };
}

/** The t between whose negative and positive value the share `confidence` of Student's distribution lies. */
export function quantile({ formulas }, confidence, degrees) {
  const even = degrees % 2 === 0;
  const terms = even ? degrees / 2 : (degrees - 1) / 2;
  const [ratio, share] = even ? [formulas.even_ratio, formulas.even_inside] : [formulas.odd_ratio, formulas.odd_inside];
  const inside = (t) => {
    const cosine = formulas.cosine_squared(t, degrees);
    let term = 1;
    return share(t, degrees, sum(terms, (k) => {
      const value = term;
      term *= ratio(k, cosine);
      return value;
    }));
  };
  let low = 0;
  let high = 1;
  while (inside(high) < confidence) [low, high] = [high, 2 * high];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (inside(middle) < confidence) low = middle;
    else high = middle;
  }
}

/** The points of a fit with an irreducible loss: x from its mean, y the logarithm of loss over smallest loss. */
class Profile {
  constructor({ formulas, numbers }, x, y, weight) {
    Object.assign(this, { formulas, numbers, x, y, weight, n: x.length });
    [this.u, this.rest, this.w, this.level, this.part] = Array.from({ length: 5 }, () => new Float64Array(x.length));
  }

  /** Slope and height of the line through `this.rest` with weights `this.w`, about the weighted mean. */
  line() {
    const { x, rest, w, n } = this;
    let total = 0;
    let first = 0;
    for (let i = 0; i < n; i += 1) {
      total += w[i];
      first += w[i] * x[i];
    }
    const middle = first / total;
    let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
    for (let i = 0; i < n; i += 1) {
      const across = x[i] - middle;
      const weighted = w[i] * across;
      sx += weighted;
      sy += w[i] * rest[i];
      sxx += weighted * across;
      sxy += weighted * rest[i];
    }
    const tilt = this.formulas.slope(total, sx, sy, sxx, sxy);
    return { tilt, lift: this.formulas.at_zero(tilt, this.formulas.intercept(total, sx, sy, sxx, sxy), middle, 0) };
  }

  /** The sum of the squared residuals of a curve, and minus half its slope by the irreducible loss. */
  curve(share, tilt, lift) {
    const { formulas, x, y, weight, n } = this;
    let total = 0;
    let pull = 0;
    for (let i = 0; i < n; i += 1) {
      const u = formulas.height(tilt, lift, x[i]);
      const level = share === 0 ? u : formulas.level(share, u);
      const rest = formulas.rest(y[i], level);
      total += formulas.squared(weight[i], rest);
      pull += formulas.pull(weight[i], rest, formulas.inverse(level));
    }
    return { tilt, lift, total, pull };
  }

  /** The best curve for one share: Gauss and Newton's steps, each halved while it makes things worse. */
  at(share) {
    const { formulas, numbers, x, y, weight, rest, w, n } = this;
    for (let i = 0; i < n; i += 1) {
      const excess = formulas.excess(share, y[i]);
      rest[i] = formulas.beginning(y[i], excess);
      w[i] = formulas.beginning_weight(weight[i], excess);
    }
    const begin = this.line();
    let best = this.curve(share, begin.tilt, begin.lift);
    for (let step = 0; step < numbers.steps; step += 1) {
      for (let i = 0; i < n; i += 1) {
        const u = formulas.height(best.tilt, best.lift, x[i]);
        const level = share === 0 ? u : formulas.level(share, u);
        const part = formulas.part(u, level);
        rest[i] = formulas.working(formulas.rest(y[i], level), part);
        w[i] = formulas.working_weight(weight[i], part);
      }
      const { tilt, lift } = this.line();
      let size = 1;
      let next = this.curve(share, best.tilt + tilt, best.lift + lift);
      let moved = 0;
      for (let i = 0; i < n; i += 1) moved = Math.max(moved, Math.abs(formulas.height(tilt, lift, x[i])));
      if (!(moved < numbers.trusted)) {
        while (!(next.total <= best.total) && size > numbers.smallestStep) {
          size /= 2;
          next = this.curve(share, best.tilt + size * tilt, best.lift + size * lift);
        }
        if (!(next.total <= best.total)) break;
      }
      best = next;
      if (size * moved < numbers.still) break;
    }
    return best;
  }

  /** The slope's variance when the irreducible loss is fitted too, for residuals of variance 1; and its sums. */
  variance(share, curve) {
    const { formulas, x, weight, n } = this;
    const w = new Float64Array(n);
    const v = new Float64Array(n);
    const z = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      const u = formulas.height(curve.tilt, curve.lift, x[i]);
      const level = share === 0 ? u : formulas.level(share, u);
      const part = formulas.part(u, level);
      w[i] = formulas.working_weight(weight[i], part);
      v[i] = formulas.column(formulas.inverse(level), part);
      z[i] = u + formulas.working(formulas.rest(this.y[i], level), part);
    }
    const total = sum(n, (i) => w[i]);
    const mean = (values) => sum(n, (i) => w[i] * values[i]) / total;
    const [xs, vs, zs] = [x, v, z].map((values) => {
      const middle = mean(values);
      return values.map((value) => value - middle);
    });
    const of = (a, b) => sum(n, (i) => w[i] * a[i] * b[i]);
    const [xx, xv, vv] = [of(xs, xs), of(xs, vs), of(vs, vs)];
    const sums = { sizes: n, sum_xx: xx, sum_xy: of(xs, zs), sum_yy: of(zs, zs), sum_xv: xv, sum_vv: vv };
    const parts = [sum(n, (i) => w[i] * xs[i]), sum(n, (i) => w[i] * vs[i])];
    if (formulas.apart(xx, xv, vv) > 0) {
      return { unit: formulas.shared_slope_variance(total, parts[0], parts[1], xx, xv, vv), sums };
    }
    // In floating point the irreducible loss has no say beside slope and height: theirs alone.
    return { unit: xx > 0 ? formulas.own_slope_variance(xx) : 0, sums };
  }
}

/** Where `still` changes from true at `low` to false at `high`. */
function bisect({ numbers }, still, low, high) {
  for (let count = 0; count < numbers.halvings; count += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break; // every further halving would stay here
    if (still(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The least-squares curve with an irreducible loss; the algorithm is described at `calculators.irreducible.fit`. */
function withFloor(rules, points, confidence) {
  const { formulas, numbers } = rules;
  const { x, y, weight } = pooled(rules, points);
  const n = x.length;
  const middle = sum(n, (i) => x[i]) / n;
  const floor = y.reduce((least, value) => Math.min(least, value));
  const profile = new Profile(rules, x.map((value) => value - middle), y.map((value) => value - floor), weight);
  const free = n - 3;
  const { grid } = numbers;
  const curves = grid.map((share) => profile.at(share));
  let best = minimum(rules, profile, curves);
  let curve = profile.at(best);
  const [plain] = curves;
  const exact = formulas.spread(plain.total, sum(n, (i) => weight[i])) < numbers.rounding;
  if (exact) [best, curve] = [0, plain];
  const t = quantile(rules, confidence, free);
  const level = formulas.threshold(curve.total, t, free);
  const above = (share) => profile.at(share).total > level;
  const below = grid.findLastIndex((share, j) => share < best && curves[j].total > level);
  const beyond = grid.findIndex((share, j) => share > best && curves[j].total > level);
  const low = below >= 0 && !exact ? bisect(rules, above, grid[below], Math.min(best, grid[below + 1])) : 0;
  let high = beyond >= 0 ? bisect(rules, (share) => !above(share), Math.max(best, grid[beyond - 1]), grid[beyond]) : 1;
  const state = exact ? "exact" : best === 0 ? "zero" : below < 0 ? "flat" : beyond < 0 ? "open" : "identified";
  if (exact) high = 0;
  const unit = formulas.exponential(floor);
  const found = profile.variance(best, curve);
  const error = formulas.error(curve.total, free, found.unit);
  const alpha = -curve.tilt;
  return {
    state,
    loss: best * unit,
    loss_interval: [low * unit, high * unit],
    alpha,
    standard_error: error,
    interval: [formulas.lower(alpha, t, error), formulas.upper(alpha, t, error)],
    log_coefficient: formulas.at_zero(curve.tilt, curve.lift, middle, floor),
    residual: formulas.spread(curve.total, free),
    residual_without: formulas.spread(plain.total, free + 1),
    sums: found.sums,
  };
}

/** At most so many points: sizes in one cell of the logarithm become one point that weighs as much as they. */
function pooled({ formulas, numbers }, { x, y }) {
  const most = numbers.pooled;
  if (x.length <= most) return { x, y, weight: new Float64Array(x.length).fill(1) };
  const [weight, across, up] = Array.from({ length: 3 }, () => new Float64Array(most));
  for (let i = 0; i < x.length; i += 1) {
    const cell = Math.min(Math.floor(formulas.cell(x[i], x[0], x[x.length - 1])), most - 1);
    weight[cell] += 1;
    across[cell] += x[i];
    up[cell] += y[i];
  }
  const filled = Array.from(weight.keys()).filter((cell) => weight[cell] > 0);
  const mean = (sums) => Float64Array.from(filled, (cell) => sums[cell] / weight[cell]);
  return { x: mean(across), y: mean(up), weight: Float64Array.from(filled, (cell) => weight[cell]) };
}

/** The share with the smallest residuals, among the minima of the profile. */
function minimum(rules, profile, curves) {
  const { grid } = rules.numbers;
  const last = grid.length - 1;
  const found = curves[0].pull <= 0 ? [[curves[0].total, 0]] : [];
  if (curves[last].pull > 0) found.push([curves[last].total, grid[last]]);
  for (let j = 0; j < last; j += 1) {
    if (curves[j].pull > 0 && curves[j + 1].pull <= 0) {
      const root = bisect(rules, (share) => profile.at(share).pull > 0, grid[j], grid[j + 1]);
      found.push([profile.at(root).total, root]);
    }
  }
  return found.reduce((least, one) => (one[0] < least[0] || (one[0] === least[0] && one[1] < least[1]) ? one : least))[1];
}

/** The exponents between neighbours, at most so many, evenly chosen, first and last size included. */
function localExponents({ formulas, numbers }, { size, x, y }) {
  const steps = x.length - 1;
  let places = Array.from(x.keys());
  if (steps > numbers.local) {
    places = Array.from({ length: numbers.local + 1 }, (_, k) => even((k * steps) / numbers.local));
  }
  return places.slice(1).map((to, k) => {
    const from = places[k];
    return { low: size[from], high: size[to], alpha: formulas.local(x[from], x[to], y[from], y[to]) + 0 };
  });
}

/** The nearest whole number, halves to the even one. */
function even(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

/** Both fits, the local exponents and the comparison in words; the keys are those of the shell's JSON. */
export function fit(rules, sizes, losses, confidence) {
  const { formulas, numbers, words } = rules;
  const points = gather(rules, sizes, losses);
  const count = points.x.length;
  const straight = line(rules, points.x, points.y);
  const free = count - 2;
  const settled = (value) => (Math.abs(value) < numbers.noError ? 0 : value); // nothing but rounding is 0, and never -0
  const error = settled(formulas.root(straight.variance));
  const alpha = settled(-straight.slope);
  const t = quantile(rules, confidence, free);
  const law = {
    alpha,
    standard_error: error,
    interval: [formulas.lower(alpha, t, error), formulas.upper(alpha, t, error)].map(settled),
    log_coefficient: straight.intercept,
    residual: formulas.spread(straight.total, free),
  };
  const falls = alpha > 0;
  const floor = count >= numbers.leastForFloor && falls ? withFloor(rules, points, confidence) : null;
  const left = floor?.residual > numbers.rounding ? "scatter" : "no-scatter";
  const comparison = say(falls ? words.comparisons[floor ? floor.state : "few"] : words.rises, {
    scatter: say(words.comparisons[left], floor ?? {}),
    least: numbers.leastForFloor,
    sizes: count,
    percent: formulas.percent(confidence),
    without: alpha,
    alpha,
    ...(floor && { ...floor, low: floor.loss_interval[0], high: floor.loss_interval[1] }),
  });
  const { sums, ...irreducible } = floor ?? { sums: null };
  return {
    points,
    sums: { none: straight.sums, fitted: sums },
    rows: points.rows,
    sizes: count,
    confidence,
    power_law: law,
    local: localExponents(rules, points),
    irreducible: floor && irreducible,
    comparison,
  };
}

/** The document that the shell prints for the same file: `reading` has dimension, or null, and m, q and s as Fractions. */
export function report(rules, file, fitted, reading) {
  const { formulas, words, settings } = rules;
  const { points, sums, confidence, power_law, local, irreducible, comparison } = fitted;
  const { m, q, s, dimension } = reading;
  const power = rules.power(m, q, s);
  const law = lawText(power);
  const k = Number(power.valueOf());
  const rejected = isRejected(rules, irreducible);
  const read = (place, one, rejection) => ({
    fit: words.titles[place],
    rejected: rejection !== null,
    implied_dimension: implied(formulas, k, one),
    verdict: dimension === null || one.alpha <= 0 ? null : (rejection ?? verdict(rules, law, k, one, dimension, place === 0 ? irreducible : null)),
  });
  const plain = read(0, power_law, rejected ? rejection(rules, irreducible, confidence) : null);
  // What is rejected comes last.
  const readings = irreducible?.state === "identified" ? [read(1, irreducible, null), plain] : [plain];
  return {
    file,
    rows: fitted.rows,
    sizes: fitted.sizes,
    confidence,
    power_law,
    bootstrap: null,
    local,
    irreducible,
    comparison,
    theory: {
      exponent: law,
      status: rules.status(...[m, q, s].map((value) => Number(value.valueOf()))),
      ...settings,
      loss_order: textOf(m),
      degree: textOf(q),
      smoothness: textOf(s),
    },
    dimension,
    readings,
  };
}

/** Whether the fit without an irreducible loss is rejected: the interval of the other one does not reach 0. */
export function isRejected({ words }, irreducible) {
  return (irreducible?.state ?? "") in words.rejected;
}

function rejection({ formulas, words }, { state, loss_interval: [low, high] }, confidence) {
  return say(words.rejected[state], { low, high, percent: formulas.percent(confidence) });
}

/** What is said of the exponent in front: `fitted`, whether it is from the fit with an irreducible loss. */
export function which(rules, fitted, irreducible) {
  const { which: said } = rules.words;
  const rejected = isRejected(rules, irreducible);
  if (!fitted) return said[rejected ? "without-rejected" : "without"];
  return said[irreducible ? `with-${rejected ? irreducible.state : "unidentified"}` : "with"];
}

function textOf(value) {
  return value === Infinity ? "oo" : value.toFraction();
}

/** The exponent in plain text: 4/d, 3/(2*d). */
function lawText({ n, d }) {
  return `${n}/${d === 1n ? "d" : `(${d}*d)`}`;
}

function implied(formulas, k, { alpha, standard_error, interval }) {
  if (alpha <= 0) return null;
  const at = (exponent) => (exponent > 0 ? formulas.dimension(k, exponent) : null);
  const dimension = at(alpha);
  return {
    dimension,
    standard_error: formulas.dimension_error(dimension, standard_error, alpha),
    interval: [at(interval[1]), at(interval[0])],
  };
}

/** What the exponent says about the bound at a measured dimension; `floor`: the other fit, where this one has none. */
function verdict({ formulas, numbers, words }, law, k, { alpha, standard_error, interval }, dimension, floor) {
  const bound = formulas.bound(k, dimension);
  const say_ = (rule, values = {}) => say(words.verdicts[rule], values);
  if (alpha >= formulas.nearly(bound)) return say_("consistent", { alpha, law, bound, dimension });
  let errors = say_("no-error");
  if (standard_error > numbers.noError) {
    const counted = twoDigits(formulas.errors_below(alpha, bound, standard_error));
    errors = say_(counted === "1" ? "one-error" : "errors", { errors: counted });
  }
  const share = twoDigits(formulas.short(alpha, bound));
  const said = say_(interval[1] >= bound ? "reaches" : "below", { alpha, law, bound, dimension, share, errors });
  return floor?.state === "flat" ? `${said} ${say(words.unsettled, { loss: floor.loss, alpha: floor.alpha })}` : said;
}

/** The rows of the table of results for a document: [what, without, with an irreducible loss]. */
export function cells({ words }, { power_law, irreducible, readings }) {
  const identified = irreducible?.state === "identified";
  const of = (title) => readings.find(({ fit: named }) => named === title).implied_dimension;
  const columns = [
    column(power_law, of(words.titles[0])),
    identified ? column(irreducible, of(words.titles[1])) : irreducible ? { alpha: null } : {},
  ];
  return words.rows.map(([title, template]) => [title, ...columns.map((values) => cell(words.cells, template, values))]);
}

function column(one, implied) {
  const values = { ...one, low: one.interval[0], high: one.interval[1] };
  if (one.loss_interval) [values.loss_low, values.loss_high] = one.loss_interval;
  if (!implied) return values;
  const [dimension_low, dimension_high] = implied.interval;
  return { ...values, dimension: implied.dimension, dimension_error: twoDigits(implied.standard_error), dimension_low, dimension_high };
}

function cell(words, template, values) {
  const names = [...template.matchAll(/\{(\w+)/g)].map(([, name]) => name);
  if (names.includes("alpha") && values.alpha === null) return words.unidentified;
  if (names.some((name) => !(name in values))) return words.absent;
  return say(names.includes("dimension_high") && values.dimension_high === null ? words.unbounded : template, values);
}

/** At most so many of the points, evenly spread over the logarithm of the size, the first and the last among them. */
export function thinned({ formulas }, { x, y, size }, most) {
  const last = x.length - 1;
  const kept = new Map();
  for (let i = 0; i <= last; i += 1) {
    const cell = Math.floor((formulas.cell(x[i], x[0], x[last]) * (most - 2)) / formulas.cell(x[last], x[0], x[last]));
    if (last < most || i === last || !kept.has(cell)) kept.set(last < most ? i : i === last ? -1 : cell, i);
  }
  const places = [...kept.values()];
  return { x: places.map((i) => x[i]), y: places.map((i) => y[i]), size: [size[0], size[last]] };
}

/** The two fitted curves as [x, y] logarithms: a straight line, and where a floor is identified one that bends. */
export function curves({ formulas }, { points, power_law, irreducible }, count) {
  const { x } = points;
  const [low, high] = [x[0], x[x.length - 1]];
  const at = ({ alpha, log_coefficient }, place) => formulas.height(-alpha, log_coefficient, place);
  const lines = [[low, high].map((place) => [place, at(power_law, place)])];
  if (irreducible?.state === "identified") {
    const places = Array.from({ length: count + 1 }, (_, k) => low + ((high - low) * k) / count);
    lines.push(places.map((place) => [place, formulas.level(irreducible.loss, at(irreducible, place))]));
  }
  return lines;
}
