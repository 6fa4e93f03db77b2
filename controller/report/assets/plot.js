"use strict";
// A canvas that is sharp on every screen, follows the width of its box and the colour scheme, and draws what all
// pictures share: bands of faults and the axis of time.

const redraws = [];
const fontFamily = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

/** The colours of the style sheet, as they are now. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  return Object.fromEntries(
    ["ink", "muted", "line", "surface", "ok", "fail", "info", "guilty", "leader", "band", "band-edge", "accent", "grid"]
      .map((name) => [name, colour(name)]));
}

class Picture {
  constructor(box, label, height) {
    this.box = box;
    this.height = height;
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    box.append(this.canvas);
    this.context = this.canvas.getContext("2d");
    redraws.push(() => this.redraw());
  }

  /** `draw(context, width, height, colours)` is called now and whenever the picture must be drawn again. */
  start(draw) {
    this.draw = draw;
    this.redraw();
    new ResizeObserver(() => this.later()).observe(this.box);
  }

  /** Draws before the next frame, once, however often it is asked. */
  later() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.redraw();
    });
  }

  redraw() {
    const width = Math.floor(this.box.clientWidth);
    if (width <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    const height = this.height;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = width + "px";
      this.canvas.style.height = height + "px";
    }
    this.width = width;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.draw(this.context, width, height, palette());
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraws.forEach((redraw) => redraw()));

/** Faults as bands from y to y + height; one that no probe saw has no filling. `at` maps seconds to pixels. */
function drawBands(context, at, left, right, y, height, colours) {
  for (const fault of data.faults) {
    const x1 = Math.max(left, at(fault.from));
    const x2 = Math.min(right, at(fault.to));
    if (x2 < left || x1 > right) continue;
    context.fillStyle = colours.band;
    if (fault.verified) context.fillRect(x1, y, Math.max(1, x2 - x1), height);
    context.strokeStyle = colours["band-edge"];
    context.setLineDash(fault.verified ? [] : [3, 3]);
    context.lineWidth = 1;
    for (const [x, edge] of [[x1, at(fault.from)], [x2, at(fault.to)]]) {
      if (x !== edge) continue; // it lies beyond what is shown
      context.beginPath();
      context.moveTo(Math.round(x) + 0.5, y);
      context.lineTo(Math.round(x) + 0.5, y + height);
      context.stroke();
    }
    context.setLineDash([]);
  }
}

/** Ticks of time along y: lines up over `height`, numbers below. */
function drawTimeAxis(context, from, to, at, left, right, top, bottom, colours) {
  const step = roundStep(to - from, (right - left) / 90);
  context.font = "11px " + fontFamily;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let t = Math.ceil(from / step - 1e-9) * step; t <= to + step * 1e-6; t += step) {
    const x = Math.round(at(t)) + 0.5;
    context.strokeStyle = colours.grid;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
    const text = tickText(Math.abs(t) < step * 1e-6 ? 0 : t, step);
    const half = context.measureText(text).width / 2;
    context.fillStyle = colours.muted;
    context.fillText(text, Math.min(Math.max(x, half), right + 7 - half), bottom + 5);
  }
}

/** Text cut to a width, with an ellipsis; empty when not even three characters fit. */
function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(text.slice(0, middle) + "…").width <= width) low = middle;
    else high = middle - 1;
  }
  return low >= 3 ? text.slice(0, low) + "…" : "";
}
