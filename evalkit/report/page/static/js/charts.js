/* Two canvases over the filtered runs: latency as a histogram, score against latency as a
   density. */
const BINS = 64;
const ROWS = 17;
const TICKS = [0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/* The log axis of latency, shared by both charts; null when no run has a latency. */
function latencyAxis() {
  const values = numbers("latency");
  let low = Infinity;
  let high = 0;
  for (const v of values) {
    if (v > 0 && v < low) low = v;
    if (v > high) high = v;
  }
  if (high === 0) return null;
  low = Math.max(low, high / 1e6);
  high = Math.max(high, low * 1.01);
  const from = Math.log10(low);
  const span = Math.log10(high) - from;
  const place = (v) => (Math.log10(Math.max(low, v)) - from) / span;
  const bins = new Uint8Array(values.length);
  for (let r = 0; r < values.length; r++)
    bins[r] = Number.isNaN(values[r])
      ? 255
      : Math.min(BINS - 1, Math.floor(place(values[r]) * BINS));
  return { low, high, place, bins, value: (f) => 10 ** (from + f * span) };
}

function prepare(canvas) {
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = "11px system-ui,sans-serif";
  return [pen, width, height];
}

function drawAxis(pen, axis, left, width, height) {
  pen.fillStyle = colour("--fg3");
  pen.textAlign = "center";
  let last = -99;
  for (const tick of TICKS) {
    if (tick < axis.low || tick > axis.high) continue;
    const x = left + axis.place(tick) * (width - left);
    if (x - last < 44 || x > width - 16 || x < left + 14) continue;
    last = x;
    pen.fillText(duration(tick).replace(/\.0+ /, " "), x, height - 2);
  }
}

/* Counts of the filtered runs per latency bin: without a failing score, with one, not
   successful. */
function latencyCounts(axis, rows) {
  const counts = [0, 1, 2].map(() => new Uint32Array(BINS));
  const lows = numbers("low");
  for (const r of rows) {
    if (axis.bins[r] === 255) continue;
    counts[!ended(r, "succeeded") ? 2 : lows[r] > 0 ? 1 : 0][axis.bins[r]]++;
  }
  return counts;
}

const SERIES = [
  ["no failing score", "--s0"],
  ["a failing score", "--fail"],
  ["not successful", "--err"],
];

function drawHistogram(canvas, axis, rows) {
  const [pen, width, height] = prepare(canvas);
  const counts = latencyCounts(axis, rows);
  const base = height - 16;
  let most = 1;
  for (let i = 0; i < BINS; i++) most = Math.max(most, counts[0][i] + counts[1][i] + counts[2][i]);
  pen.fillStyle = colour("--line");
  pen.fillRect(0, base, width, 1);
  for (let i = 0; i < BINS; i++) {
    let y = base;
    counts.forEach((series, s) => {
      const size = (series[i] / most) * (base - 4);
      if (!size) return;
      pen.fillStyle = colour(SERIES[s][1]);
      pen.fillRect((i * width) / BINS + 0.5, y - size, Math.max(1, width / BINS - 1), size);
      y -= size;
    });
  }
  drawAxis(pen, axis, 0, width, height);
}

function densityCounts(axis, rows, e) {
  const values = numbers("s" + e.i);
  const [from, to] = e.range;
  const cells = new Uint32Array(BINS * ROWS);
  for (const r of rows) {
    if (Number.isNaN(values[r]) || axis.bins[r] === 255) continue;
    const at = Math.max(0, Math.min(1, (values[r] - from) / (to - from)));
    cells[Math.round(at * (ROWS - 1)) * BINS + axis.bins[r]]++;
  }
  return cells;
}

const LEFT = 30;

function drawDensity(canvas, axis, rows, e) {
  const [pen, width, height] = prepare(canvas);
  const cells = densityCounts(axis, rows, e);
  const base = height - 16;
  const most = cells.reduce((a, b) => Math.max(a, b), 1);
  const [w, tall] = [(width - LEFT) / BINS, base / ROWS];
  pen.fillStyle = colour("--panel");
  pen.fillRect(LEFT, 0, width - LEFT, base);
  pen.fillStyle = colour("--s1");
  cells.forEach((n, i) => {
    if (!n) return;
    pen.globalAlpha = 0.12 + 0.88 * Math.sqrt(n / most);
    pen.fillRect(
      LEFT + (i % BINS) * w + 0.4,
      base - (Math.floor(i / BINS) + 1) * tall + 0.4,
      w - 0.6,
      tall - 0.6,
    );
  });
  pen.globalAlpha = 1;
  pen.fillStyle = colour("--fg3");
  pen.textAlign = "right";
  pen.fillText(String(e.range[1]), LEFT - 5, 10);
  pen.fillText(String(e.range[0]), LEFT - 5, base);
  drawAxis(pen, axis, LEFT, width, height);
}

/* The same counts as a table, for those who do not see the canvas. */
function histogramTable(axis, rows) {
  const counts = latencyCounts(axis, rows);
  const lines = [];
  for (let i = 0; i < BINS; i += 4) {
    const sums = counts.map((series) => series.slice(i, i + 4).reduce((a, b) => a + b, 0));
    if (!sums.some(Boolean)) continue;
    const label = `${duration(axis.value(i / BINS))} to ${duration(axis.value((i + 4) / BINS))}`;
    lines.push(
      h(
        "tr",
        h("th", { scope: "row" }, label),
        sums.map((n) => h("td.r.num", int(n))),
      ),
    );
  }
  return table("small", [["Latency"], ...SERIES.map(([name]) => [name, "r"])], lines);
}

function densityTable(axis, rows, e) {
  const cells = densityCounts(axis, rows, e);
  const lines = [];
  for (let y = ROWS - 1; y >= 0; y--) {
    let n = 0;
    let sum = 0;
    for (let x = 0; x < BINS; x++) {
      n += cells[y * BINS + x];
      sum += cells[y * BINS + x] * (x + 0.5);
    }
    if (!n) continue;
    const value = e.range[0] + (y / (ROWS - 1)) * (e.range[1] - e.range[0]);
    lines.push(
      h(
        "tr",
        h("th", { scope: "row" }, `about ${number(value)}`),
        h("td.r.num", int(n)),
        h("td.r.num", duration(axis.value(sum / n / BINS))),
      ),
    );
  }
  return table(
    "small",
    [[oneLine(e.key)], ["runs", "r"], ["middle of their latency (log)", "r"]],
    lines,
  );
}

/* Drag over a chart: `done(x0, x1, y0, y1)` in fractions, or nulls for a click. */
function brush(canvas, left, both, draw, done) {
  let start = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const clip = (v) => Math.min(1, Math.max(0, v));
    return [
      clip((event.clientX - box.left - left) / (box.width - left)),
      clip(1 - (event.clientY - box.top) / (box.height - 16)),
    ];
  };
  const span = (event) => {
    const end = at(event);
    return [
      Math.min(start[0], end[0]),
      Math.max(start[0], end[0]),
      Math.min(start[1], end[1]),
      Math.max(start[1], end[1]),
    ];
  };
  canvas.addEventListener("pointerdown", (event) => {
    start = at(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    draw();
    const [x0, x1, y0, y1] = span(event);
    const [width, height] = [canvas.clientWidth - left, canvas.clientHeight - 16];
    const pen = canvas.getContext("2d");
    const y = both ? (1 - y1) * height : 0;
    pen.strokeStyle = pen.fillStyle = colour("--acc");
    pen.globalAlpha = 0.15;
    pen.fillRect(left + x0 * width, y, (x1 - x0) * width, both ? (y1 - y0) * height : height);
    pen.globalAlpha = 1;
    pen.strokeRect(
      left + x0 * width + 0.5,
      y,
      (x1 - x0) * width,
      both ? (y1 - y0) * height : height,
    );
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [x0, x1, y0, y1] = span(event);
    start = null;
    if (x1 - x0 < 0.01) done(null);
    else done(x0, x1, y0, y1);
  });
}
