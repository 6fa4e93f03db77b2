"use strict";
// Unpacks the data of the page, and small things that all pictures use.

const data = (() => {
  const raw = JSON.parse(document.getElementById("data").textContent);
  const column = (Type, text) => new Type(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const ops = raw.operations;
  const none = 0xffffffff;
  const start = column(Uint32Array, ops.start);
  const length = column(Uint32Array, ops.length);
  const second = 1e9 / raw.unit_ns; // units in a second
  return {
    count: ops.count,
    total: ops.total,
    seconds: Math.max(raw.end_ns / 1e9, 0.001),
    lanes: raw.lanes,
    nodes: raw.nodes,
    texts: raw.texts,
    slices: raw.slices,
    faults: raw.faults.map((f) => ({ ...f, from: f.from_ns / 1e9, to: f.to_ns / 1e9 })),
    leaders: raw.leaders.map((l) => ({ ...l, from: l.from_ns / 1e9, to: l.to_ns / 1e9 })),
    start: (i) => start[i] / second,
    end: (i) => (length[i] === none ? raw.end_ns / 1e9 : (start[i] + length[i]) / second),
    answered: (i) => length[i] !== none,
    process: column(Uint32Array, ops.process),
    key: column(Uint32Array, ops.key),
    words: column(Uint32Array, ops.words),
    error: column(Uint32Array, ops.error),
    lane: column(Uint16Array, ops.lane),
    node: column(Uint16Array, ops.node),
    outcome: column(Uint8Array, ops.outcome),
    guilty: column(Uint8Array, ops.guilty),
  };
})();

const OK = 0, FAIL = 1, INFO = 2;
const outcomeNames = ["ok", "fail", "info"];

/** An element with attributes and children; strings become text, never markup. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** A moment or a length in seconds, with three digits that count. */
function timeText(s) {
  const short = (x) => x.toFixed(x < 10 ? 2 : x < 100 ? 1 : 0);
  if (s < 1e-3) return short(s * 1e6) + " µs";
  if (s < 1) return short(s * 1e3) + " ms";
  return short(s) + " s";
}

/** Round steps for an axis of `span` with about `wanted` ticks. */
function roundStep(span, wanted) {
  const raw = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
  return step;
}

function tickText(value, step) {
  if (step >= 1) return value.toFixed(0) + " s";
  if (step >= 1e-3) return value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) + " s";
  return (value * 1e3).toFixed(3) + " ms";
}
