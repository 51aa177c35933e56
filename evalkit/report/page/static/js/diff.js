/* Differences of two texts, word by word: Myers' algorithm with a bound on the work. */
const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) || [];
const WORK = 1200;

/* Edits that turn list `a` into list `b`: [-1 | 0 | 1, item]; null when more than WORK are
   needed. */
function edits(a, b) {
  const most = Math.min(a.length + b.length, WORK);
  const middle = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const history = [];
  for (let d = 0; d <= most; d++) {
    history.push(reach.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[middle + k - 1] < reach[middle + k + 1]);
      let i = down ? reach[middle + k + 1] : reach[middle + k - 1] + 1;
      while (i < a.length && i - k < b.length && a[i] === b[i - k]) i++;
      reach[middle + k] = i;
      if (i >= a.length && i - k >= b.length) return backtrack(a, b, history);
    }
  }
  return null;
}

function backtrack(a, b, history) {
  const out = [];
  let [i, j] = [a.length, b.length];
  for (let d = history.length - 1; d >= 0; d--) {
    const reach = history[d];
    const at = (k) => reach[d + 1 + k];
    const k = i - j;
    const before = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const pi = d ? at(before) : 0;
    const pj = d ? pi - before : 0;
    while (i > pi && j > pj && i > 0 && j > 0) {
      out.push([0, a[--i]]);
      j--;
    }
    if (d) out.push(i === pi ? [1, b[--j]] : [-1, a[--i]]);
  }
  return out.reverse();
}

function wordDiff(left, right) {
  const [a, b] = [words(left), words(right)];
  let head = 0;
  let [endA, endB] = [a.length, b.length];
  while (head < endA && head < endB && a[head] === b[head]) head++;
  while (endA > head && endB > head && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const [midA, midB] = [a.slice(head, endA), b.slice(head, endB)];
  const middle = edits(midA, midB) || [
    [-1, midA.join("")],
    [1, midB.join("")],
  ];
  return folded(merged([[0, a.slice(0, head).join("")], ...middle, [0, a.slice(endA).join("")]]));
}

function merged(parts) {
  const out = [];
  for (const [kind, text] of parts) {
    if (!text) continue;
    const last = out[out.length - 1];
    if (last && last[0] === kind) last[1] += text;
    else out.push([kind, text]);
  }
  return out;
}

/* Short equal islands join the edits around them, so that readers see phrases and not a mosaic. */
function folded(parts) {
  const out = [];
  let [gone, come] = ["", ""];
  const flush = () => {
    if (gone) out.push([-1, gone]);
    if (come) out.push([1, come]);
    gone = come = "";
  };
  parts.forEach(([kind, text], i) => {
    if (kind < 0) gone += text;
    else if (kind > 0) come += text;
    else if ((gone || come) && i < parts.length - 1 && text.trim().length < 8) {
      gone += text;
      come += text;
    } else {
      flush();
      out.push([0, text]);
    }
  });
  flush();
  return out;
}
