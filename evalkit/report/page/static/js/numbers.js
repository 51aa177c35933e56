/* Numbers as text; the same rules as numbers.py, so that page, terminal and files agree. */
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const int = (value) => grouped.format(value);
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const minus = (text) => text.replace(/^-/, "−");
const DASH = "–";

/* toFixed with exact ties away from zero and thousands separated. */
function fixed(value, places) {
  const text = Math.abs(value).toFixed(places);
  const [whole, part] = text.split(".");
  const body = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
  return (value < 0 && Number(text) !== 0 ? "−" : "") + body;
}

function duration(seconds) {
  if (!known(seconds)) return DASH;
  const size = Math.abs(seconds);
  if (size < 0.0095) return fixed(seconds * 1000, size === 0 ? 0 : 2) + " ms";
  if (size < 0.9995) return fixed(seconds * 1000, 0) + " ms";
  if (size < 9.995) return fixed(seconds, 2) + " s";
  if (size < 99.95) return fixed(seconds, 1) + " s";
  if (size < 5997) return fixed(seconds / 60, 1) + " min";
  return fixed(seconds / 3600, 1) + " h";
}

const percent = (value) => (known(value) ? fixed(value * 100, 1) + "%" : DASH);

function number(value) {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size >= 1000) return fixed(value, 0);
  if (size >= 100) return fixed(value, 1);
  if (size !== 0 && size < 0.01) return minus(String(Number(value.toPrecision(3))));
  return fixed(value, 3);
}

const count = (value) => (known(value) ? int(value) : DASH);
const plus = (value, text) => (value > 0 ? "+" + text : text);

/* The quantile that the figures use: linear between order statistics (numpy's default), or
   Kaplan-Meier's where some values were cut short. `pairs` are [value, cut short], in order. */
function quantile(pairs, p) {
  const n = pairs.length;
  if (!n) return DASH;
  if (!pairs.some(([, cut]) => cut)) {
    const at = (n - 1) * p;
    const low = Math.floor(at);
    const high = Math.min(low + 1, n - 1);
    return duration(pairs[low][0] + (pairs[high][0] - pairs[low][0]) * (at - low));
  }
  let alive = 1;
  for (let i = 0; i < n; i++) {
    if (!pairs[i][1]) alive *= 1 - 1 / (n - i);
    if (1 - alive >= p - 1e-12) return duration(pairs[i][0]);
  }
  return "≥ " + duration(pairs[n - 1][0]);
}
