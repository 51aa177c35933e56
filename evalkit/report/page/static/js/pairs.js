/* Pairs: what one example did in two experiments, its repetitions averaged. */
class Pairs {
  constructor(base, cand) {
    this.base = base;
    this.cand = cand;
    this.cache = new Map();
    const changed = new Set(D.head.experiments[cand].changed || []);
    this.both = [];
    this.onlyBase = [];
    this.onlyCand = [];
    this.changed = [];
    for (let e = 0; e < D.examples; e++) {
      const [a, b] = [D.by(base, e).length > 0, D.by(cand, e).length > 0];
      if (a && b) (changed.size && changed.has(exampleId(e)) ? this.changed : this.both).push(e);
      else if (a) this.onlyBase.push(e);
      else if (b) this.onlyCand.push(e);
    }
  }
  /* Mean of a run column over an example's runs that have a value, per experiment. */
  means(name, x) {
    const key = `${name}/${x}`;
    let out = this.cache.get(key);
    if (out) return out;
    const values = numbers(name);
    const weights = codes(name.replace(/^s/, "w")) || null;
    out = new Float64Array(D.examples).fill(NaN);
    for (let e = 0; e < D.examples; e++) {
      let sum = 0;
      let n = 0;
      for (const r of D.by(x, e)) {
        if (Number.isNaN(values[r])) continue;
        const weight = weights && weights !== codes(name) ? weights[r] : 1;
        sum += values[r] * weight;
        n += weight;
      }
      if (n) out[e] = sum / n;
    }
    this.cache.set(key, out);
    return out;
  }
  values(name, e) {
    return [this.means(name, this.base)[e], this.means(name, this.cand)[e]];
  }
  /* One side of a pair as text: `yes`, `3/5` of the runs, or a mean. */
  side(evaluator, x, e) {
    const mean = this.means("s" + evaluator.i, x)[e];
    if (Number.isNaN(mean)) return DASH;
    if (evaluator.type !== "bool" || evaluator.scope === "step") return number(mean);
    const n = [...D.by(x, e)].filter((r) => known(score(evaluator, r))).length;
    return n === 1 ? (mean ? "yes" : "no") : `${Math.round(mean * n)}/${n}`;
  }
  difference(name, e) {
    const [a, b] = this.values(name, e);
    return b - a;
  }
  relative(name, e) {
    const [a, b] = this.values(name, e);
    return b / a - 1;
  }
  /* improved, regressed, same, or unknown when one side has no value. */
  change(evaluator, e) {
    const d = this.difference("s" + evaluator.i, e);
    if (Number.isNaN(d)) return "unknown";
    if (Math.abs(d) < 1e-12) return "same";
    return d > 0 === (evaluator.direction !== "lower") ? "improved" : "regressed";
  }
  /* pass, fail or none by the majority of an example's runs, for scores that pass or fail. */
  majority(evaluator, e, x) {
    const scored = [...D.by(x, e)].map((r) => score(evaluator, r)).filter((v) => !Number.isNaN(v));
    if (!scored.length) return "none";
    return scored.filter((v) => !low(evaluator, v)).length * 2 > scored.length ? "pass" : "fail";
  }
  /* The run that shows the change best: the worst of the candidate for a loss, its best for a
     gain. */
  witness(evaluator, e) {
    const rows = D.by(this.cand, e).length ? D.by(this.cand, e) : D.by(this.base, e);
    const values = numbers("s" + evaluator.i);
    const sign =
      (evaluator.direction === "lower" ? -1 : 1) *
      (this.change(evaluator, e) === "improved" ? -1 : 1);
    const rank = (r) => (Number.isNaN(values[r]) ? Infinity : values[r] * sign);
    return [...rows].sort((p, q) => rank(p) - rank(q) || p - q)[0];
  }
}
