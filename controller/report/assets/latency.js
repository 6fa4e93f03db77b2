"use strict";
// How many operations a second, and how long they took.

(() => {
  const slices = data.slices;
  const width = slices.width_ns / 1e9;
  const left = 58, axisHeight = 24, top = 10;

  const frame = (w) => {
    const right = w - 10;
    return { right, at: (t) => left + (t / data.seconds) * (right - left) };
  };

  function drawScale(context, ticks, y, text, right, colours) {
    context.font = "11px " + fontFamily;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of ticks) {
      const at = Math.round(y(tick)) + 0.5;
      context.strokeStyle = colours.grid;
      context.beginPath();
      context.moveTo(left, at);
      context.lineTo(right, at);
      context.stroke();
      context.fillStyle = colours.muted;
      context.fillText(text(tick), left - 8, at);
    }
  }

  /** A line through the slices; gaps where there is no value. `dash` tells lines apart without colour. */
  function drawLine(context, values, x, y, colour, dash, thickness) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.setLineDash(dash);
    context.beginPath();
    let pen = false;
    values.forEach((value, i) => {
      if (value === null) {
        pen = false;
        return;
      }
      const at = x(Math.min((i + 0.5) * width, data.seconds));
      if (pen) context.lineTo(at, y(value));
      else context.moveTo(at, y(value));
      pen = true;
    });
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  function legend(box, title, entries) {
    const list = element("p", { class: "legend" }, element("strong", {}, title));
    for (const [style, name] of entries) {
      list.append(element("span", {}, element("span", { class: "key " + style, "aria-hidden": "true" }), " " + name));
    }
    box.append(list);
  }

  function readout(box, picture, words) {
    const line = element("p", { class: "detail" }, "");
    box.append(line);
    const show = (event) => {
      const { right } = frame(picture.width);
      const t = ((event.offsetX - left) / (right - left)) * data.seconds;
      const i = Math.floor(t / width);
      line.textContent = i >= 0 && i < slices.ok.length ? `${(i * width).toFixed(1)} s: ${words(i)}` : "";
    };
    picture.canvas.addEventListener("pointermove", show);
    picture.canvas.addEventListener("pointerdown", show);
    picture.canvas.addEventListener("pointerleave", () => { line.textContent = ""; });
  }

  // --- Rate -------------------------------------------------------------------------------------------------

  // The last slice is often a sliver of time, and a rate over a sliver says nothing.
  const perSecond = (counts) => counts.map((n, i) => {
    const length = Math.min(width, data.seconds - i * width);
    return length < width / 2 ? null : n / length;
  });
  const rates = { ok: perSecond(slices.ok), fail: perSecond(slices.fail), info: perSecond(slices.info) };
  const rateMax = Math.max(1, ...rates.ok, ...rates.fail, ...rates.info);

  function drawRate(context, w, height, colours) {
    const { right, at } = frame(w);
    const bottom = height - axisHeight;
    const step = roundStep(rateMax, 4);
    const ceiling = Math.ceil(rateMax / step) * step;
    const y = (value) => bottom - (value / ceiling) * (bottom - top);
    drawBands(context, at, left, right, top, bottom - top, colours);
    drawTimeAxis(context, 0, data.seconds, at, left, right, top, bottom, colours);
    const ticks = [];
    for (let v = 0; v <= ceiling + 1e-9; v += step) ticks.push(v);
    drawScale(context, ticks, y, (v) => (v >= 10000 ? v / 1000 + "k" : String(v)) + "/s", right, colours);
    drawLine(context, rates.ok, at, y, colours.ok, [], 1.8);
    drawLine(context, rates.fail, at, y, colours.fail, [6, 3], 1.6);
    drawLine(context, rates.info, at, y, colours.info, [1.5, 2.5], 2);
  }

  const rateBox = document.getElementById("rate-view");
  legend(rateBox, "Operations a second", [["ok", "ok"], ["fail", "fail"], ["info", "info"], ["band", "fault"]]);
  const rate = new Picture(rateBox, "Operations a second over time by outcome; the numbers are in the table below", 190);
  rate.start(drawRate);
  readout(rateBox, rate, (i) => `${slices.ok[i]} ok, ${slices.fail[i]} fail, ${slices.info[i]} info in ${width} s`);

  // --- Latency ----------------------------------------------------------------------------------------------

  const secondsOf = (values) => values.map((ns) => (ns < 0 ? null : Math.max(ns, 1000) / 1e9));
  const lines = { p50: secondsOf(slices.p50), p95: secondsOf(slices.p95), p99: secondsOf(slices.p99) };
  let fastest = Infinity, slowest = 0;
  for (let i = 0; i < data.count; i++) {
    const length = Math.max(data.end(i) - data.start(i), 1e-6);
    fastest = Math.min(fastest, length);
    slowest = Math.max(slowest, length);
  }
  for (const ns of slices.longest) slowest = Math.max(slowest, ns / 1e9);
  const low = 10 ** Math.floor(Math.log10(Math.min(fastest, slowest) || 1e-3) + 1e-9);
  const high = Math.max(10 ** Math.ceil(Math.log10(slowest || 1) - 1e-9), low * 10);

  function drawDots(context, at, y, colours) {
    const dense = data.count > 20000;
    const size = dense ? 1.2 : 1.8;
    context.fillStyle = colours.ok;
    context.globalAlpha = dense ? 0.25 : 0.4;
    for (let i = 0; i < data.count; i++) {
      if (data.outcome[i] !== OK) continue;
      context.fillRect(at(data.end(i)) - size / 2, y(data.end(i) - data.start(i)) - size / 2, size, size);
    }
    context.globalAlpha = 1;
    for (let i = 0; i < data.count; i++) {
      if (data.outcome[i] === OK) continue;
      const x = at(data.end(i)), at_y = y(data.end(i) - data.start(i));
      context.strokeStyle = data.outcome[i] === FAIL ? colours.fail : colours.info;
      context.beginPath();
      if (data.outcome[i] === FAIL) {
        context.moveTo(x - 2.5, at_y - 2.5);
        context.lineTo(x + 2.5, at_y + 2.5);
        context.moveTo(x - 2.5, at_y + 2.5);
        context.lineTo(x + 2.5, at_y - 2.5);
      } else {
        context.moveTo(x, at_y - 3.5);
        context.lineTo(x + 3.5, at_y + 2.5);
        context.lineTo(x - 3.5, at_y + 2.5);
        context.closePath();
      }
      context.stroke();
    }
  }

  function drawLatency(context, w, height, colours) {
    const { right, at } = frame(w);
    const bottom = height - axisHeight;
    const y = (s) => bottom - (Math.log10(Math.max(s, low) / low) / Math.log10(high / low)) * (bottom - top);
    drawBands(context, at, left, right, top, bottom - top, colours);
    drawTimeAxis(context, 0, data.seconds, at, left, right, top, bottom, colours);
    const ticks = [];
    for (let v = low; v <= high * 1.001; v *= 10) ticks.push(v);
    drawScale(context, ticks, y, (v) => (v >= 0.999 ? Math.round(v) + " s" : v >= 0.000999 ? Math.round(v * 1e3) + " ms" : Math.round(v * 1e6) + " µs"),
      right, colours);
    drawDots(context, at, y, colours);
    drawLine(context, lines.p50, at, y, colours.ink, [], 1.6);
    drawLine(context, lines.p95, at, y, colours.ink, [6, 3], 1.4);
    drawLine(context, lines.p99, at, y, colours.ink, [1.5, 2.5], 1.6);
  }

  const latencyBox = document.getElementById("latency-view");
  legend(latencyBox, "Latency, logarithmic", [
    ["dot", "ok"], ["cross", "fail"], ["triangle", "info"], ["p50", "p50"], ["p95", "p95"], ["p99", "p99"], ["band", "fault"]]);
  const latency = new Picture(latencyBox, "Latency of each operation over time with quantiles; the numbers are in the table below", 260);
  latency.start(drawLatency);
  const quantile = (ns) => (ns < 0 ? "–" : timeText(ns / 1e9));
  readout(latencyBox, latency, (i) => `p50 ${quantile(slices.p50[i])}, p95 ${quantile(slices.p95[i])}, p99 ${quantile(slices.p99[i])}, longest ${quantile(slices.longest[i])}`);
  document.documentElement.setAttribute("data-drawn", "yes");
})();
