// Reads and fits a large table away from the page, so that the page stays responsive.

import { FitError, decode, fit, readTable, thinned } from "./fit.js";
import * as rules from "./fitting.js";

addEventListener("message", ({ data: { bytes, text, name, confidence, most } }) => {
  try {
    const { sizes, losses } = readTable(rules, text ?? decode(rules, bytes, name), name);
    const found = fit(rules, sizes, losses, confidence);
    postMessage({ found: { ...found, points: thinned(rules, found.points, most) } });
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    postMessage({ problem: error.message });
  }
});
