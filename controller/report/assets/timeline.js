"use strict";
// The timeline: leaders and faults per node, then each operation on the lane of its client.

(() => {
  const box = document.getElementById("timeline-view");
  const detail = document.getElementById("timeline-detail");
  const gutter = 40, axisHeight = 24, rowHeight = 17, bandRow = 17, top = 4;
  const lanePitch = data.lanes <= 24 ? 16 : data.lanes <= 60 ? 10 : 6;
  const view = { from: 0, to: data.seconds };
  const shown = [true, true, true];
  let selected = -1;
  let keyWanted = "";

  const notable = [];
  const byLane = Array.from({ length: data.lanes }, () => []);
  for (let i = 0; i < data.count; i++) {
    byLane[data.lane[i]].push(i);
    if (data.outcome[i] !== OK || data.guilty[i]) notable.push(i);
  }
  const guilty = notable.filter((i) => data.guilty[i]);

  // Labels of faults go in as few rows as keep them apart while the whole run is shown.
  const labelRows = data.faults.length === 0 ? 0 : 2;
  const nodesTop = top + labelRows * bandRow;
  const lanesTop = nodesTop + data.nodes * rowHeight + 10;
  const lanesBottom = lanesTop + data.lanes * lanePitch;
  const height = lanesBottom + axisHeight + 4;

  const right = () => picture.width - 8;
  const at = (t) => gutter + ((t - view.from) / (view.to - view.from)) * (right() - gutter);
  const timeAt = (x) => view.from + ((x - gutter) / (right() - gutter)) * (view.to - view.from);
  const visible = (i) => shown[data.outcome[i]] && (keyWanted === "" || data.texts[data.key[i]] === keyWanted);

  function drawFaultLabels(context, colours) {
    context.font = "11px " + fontFamily;
    context.textAlign = "left";
    context.textBaseline = "middle";
    const free = new Array(labelRows).fill(gutter);
    for (const fault of data.faults) {
      const x1 = Math.max(gutter, at(fault.from)), x2 = Math.min(right(), at(fault.to));
      if (x2 < gutter || x1 > right()) continue;
      const row = free[0] <= x1 ? 0 : free[1] <= x1 ? 1 : -1;
      if (row < 0) continue;
      // A label may run on to the start of the fault after the next: the two rows alternate.
      const later = data.faults.filter((f) => f.from > fault.from).map((f) => at(f.from));
      const words = fault.kind + " " + fault.targets + (fault.verified ? "" : " (not seen)");
      const text = fitText(context, words, Math.min(later[1] ?? right(), right()) - x1 - 10);
      if (text === "") continue;
      context.fillStyle = colours["band-edge"];
      context.fillRect(x1, top + row * bandRow + 2, 1, nodesTop - top - row * bandRow - 2);
      context.fillStyle = colours.ink;
      context.fillText(text, x1 + 5, top + row * bandRow + bandRow / 2);
      free[row] = x1 + 12 + context.measureText(text).width;
    }
  }

  function drawNodes(context, colours) {
    context.textBaseline = "middle";
    for (let n = 1; n <= data.nodes; n++) {
      const y = nodesTop + (n - 1) * rowHeight;
      context.font = "11px " + fontFamily;
      context.textAlign = "right";
      context.fillStyle = colours.muted;
      context.fillText("n" + n, gutter - 8, y + rowHeight / 2);
      context.strokeStyle = colours.line;
      context.beginPath();
      context.moveTo(gutter, y + rowHeight / 2 + 0.5);
      context.lineTo(right(), y + rowHeight / 2 + 0.5);
      context.stroke();
    }
    for (const fault of data.faults) for (const n of fault.nodes) drawStruck(context, colours, fault, n);
    for (const leader of data.leaders) drawLeader(context, colours, leader);
  }

  function span(from, to) {
    const x1 = Math.max(gutter, at(from)), x2 = Math.min(right(), at(to));
    return x2 < gutter || x1 > right() ? null : [x1, Math.max(x2, x1 + 1.5)];
  }

  function drawStruck(context, colours, fault, n) {
    const place = span(fault.from, fault.to);
    if (!place || fault.kind === "partition") return;
    const y = nodesTop + (n - 1) * rowHeight;
    const pattern = fault.kind === "kill" ? [2, 2] : [6, 3];
    context.strokeStyle = colours.ink;
    context.lineWidth = 3;
    context.setLineDash(pattern);
    context.beginPath();
    context.moveTo(place[0], y + rowHeight / 2);
    context.lineTo(place[1], y + rowHeight / 2);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  function drawLeader(context, colours, leader) {
    const place = span(leader.from, leader.to);
    if (!place) return;
    const y = nodesTop + (leader.node - 1) * rowHeight;
    context.fillStyle = colours.leader;
    context.fillRect(place[0], y + 2, place[1] - place[0], rowHeight - 4);
    context.font = "10.5px " + fontFamily;
    context.textAlign = "left";
    const width = place[1] - place[0] - 8;
    const words = ["term " + leader.term, "t" + leader.term].find((w) => context.measureText(w).width <= width);
    context.fillStyle = colours.surface;
    if (words) context.fillText(words, place[0] + 4, y + rowHeight / 2 + 0.5);
  }

  /** One operation; shape and height say the outcome without colour. */
  function drawOperation(context, colours, i, x1, x2) {
    const y = lanesTop + data.lane[i] * lanePitch;
    const full = lanePitch - 2;
    if (data.outcome[i] === OK) {
      context.fillRect(x1, y + full * 0.12, x2 - x1, full * 0.76);
    } else if (data.outcome[i] === FAIL) {
      // Low and with a foot: it came to nothing.
      context.fillRect(x1, y + full - 2, x2 - x1, 2);
      context.fillRect(x2 - 1.5, y + full * 0.4, 1.5, full * 0.6);
    } else {
      // An outline without a right end: it may take effect at any later time.
      context.strokeRect(x1 + 0.5, y + 1.5, Math.max(1, x2 - x1 - 1), full - 3);
      context.fillRect(x1, y + full / 2 - 0.5, x2 - x1, 1);
      context.setLineDash([1, 3]);
      context.beginPath();
      context.moveTo(x2, y + full / 2);
      context.lineTo(Math.min(x2 + 26, right()), y + full / 2);
      context.stroke();
      context.setLineDash([]);
    }
  }

  function drawOperations(context, colours) {
    const colourOf = [colours.ok, colours.fail, colours.info];
    const last = new Float64Array(data.lanes);
    for (const outcome of [OK, INFO, FAIL]) {
      context.fillStyle = context.strokeStyle = colourOf[outcome];
      last.fill(-1);
      for (let i = 0; i < data.count; i++) {
        if (data.outcome[i] !== outcome || !visible(i)) continue;
        const x1 = at(data.start(i));
        let x2 = at(data.end(i));
        if (x2 < gutter || x1 > right()) continue;
        x2 = Math.min(Math.max(x2, x1 + 1.2), right());
        // What lies on a pixel that is drawn already adds nothing.
        if (x2 <= last[data.lane[i]]) continue;
        const gap = x1 > last[data.lane[i]] + 0.6 && x2 - x1 > 3 ? 0.5 : 0;
        drawOperation(context, colours, i, Math.max(gutter, x1), x2 - gap);
        last[data.lane[i]] = x2;
      }
    }
    drawWords(context, colours);
    for (const i of guilty) drawRing(context, i, colours.guilty, 2.5);
    if (selected >= 0) drawRing(context, selected, colours.ink, 1.5);
  }

  function drawWords(context, colours) {
    if (lanePitch < 14) return;
    context.font = "9.5px " + fontFamily;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = colours.surface;
    for (let i = 0; i < data.count; i++) {
      if (data.outcome[i] !== OK || !visible(i)) continue;
      const x1 = Math.max(gutter, at(data.start(i))), x2 = Math.min(right(), at(data.end(i)));
      if (x2 - x1 < 44) continue;
      const words = data.texts[data.key[i]] + " " + data.texts[data.words[i]];
      context.fillText(fitText(context, words, x2 - x1 - 8), x1 + 4, lanesTop + data.lane[i] * lanePitch + lanePitch / 2 - 0.5);
    }
  }

  function drawRing(context, i, colour, width) {
    const place = span(data.start(i), data.end(i));
    if (!place) return;
    const y = lanesTop + data.lane[i] * lanePitch;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(place[0] - 2, y - 1, place[1] - place[0] + 4, lanePitch);
    context.lineWidth = 1;
    if (!data.guilty[i]) return;
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(place[0] - 4, y - 9);
    context.lineTo(place[0] + 6, y - 9);
    context.lineTo(place[0] + 1, y - 2);
    context.fill();
  }

  function drawLaneLabels(context, colours) {
    context.font = "10.5px " + fontFamily;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = colours.muted;
    const every = lanePitch >= 14 ? 1 : 5;
    for (let lane = 0; lane < data.lanes; lane += every) {
      context.fillText("c" + (lane + 1), gutter - 8, lanesTop + lane * lanePitch + lanePitch / 2 - 0.5);
    }
  }

  function draw(context, width, _, colours) {
    drawBands(context, at, gutter, right(), nodesTop, lanesBottom - nodesTop, colours);
    drawTimeAxis(context, view.from, view.to, at, gutter, right(), nodesTop, lanesBottom, colours);
    drawFaultLabels(context, colours);
    drawNodes(context, colours);
    drawLaneLabels(context, colours);
    drawOperations(context, colours);
  }

  // --- Moving -----------------------------------------------------------------------------------------------

  function show(from, to) {
    const span = Math.min(Math.max(to - from, 2e-5), data.seconds);
    view.from = Math.min(Math.max(0, from), data.seconds - span);
    view.to = view.from + span;
    picture.later();
  }
  const zoom = (factor, centre) => show(centre - (centre - view.from) * factor, centre + (view.to - centre) * factor);
  const pan = (part) => {
    const by = (view.to - view.from) * part;
    const from = Math.min(Math.max(0, view.from + by), data.seconds - (view.to - view.from));
    show(from, from + view.to - view.from);
  };
  const middle = () => (view.from + view.to) / 2;

  function describe(i) {
    const parts = [
      `process ${data.process[i]}`, `${data.texts[data.key[i]]} ${data.texts[data.words[i]]}`, outcomeNames[data.outcome[i]],
      `${data.start(i).toFixed(6)} s, ${data.answered(i) ? "took " + timeText(data.end(i) - data.start(i)) : "no answer"}`,
    ];
    if (data.node[i]) parts.push("n" + data.node[i]);
    const error = data.texts[data.error[i]];
    if (error) parts.push(error);
    return (data.guilty[i] ? "guilty: " : "") + parts.join(" · ");
  }

  function select(i, bring) {
    selected = i;
    detail.textContent = i < 0 ? "" : describe(i);
    if (i >= 0 && bring) {
      const length = Math.max(data.end(i) - data.start(i), 1e-4);
      const span = Math.min(view.to - view.from, Math.max(length * 12, 0.02));
      const centre = (data.start(i) + data.end(i)) / 2;
      show(centre - span / 2, centre + span / 2);
    }
    picture.later();
  }

  function step(list, by) {
    if (list.length === 0) return;
    const from = selected < 0 ? view.from : data.start(selected);
    const place = list.indexOf(selected);
    let next = place >= 0 ? place + by : list.findIndex((i) => data.start(i) >= from);
    if (next < 0 || next >= list.length) next = by > 0 ? 0 : list.length - 1;
    select(list[next], true);
  }

  function operationAt(x, y) {
    const lane = Math.floor((y - lanesTop) / lanePitch);
    if (lane < 0 || lane >= data.lanes || x < gutter) return -1;
    const reach = (view.to - view.from) * (4 / (right() - gutter));
    const t = timeAt(x);
    let best = -1, distance = reach;
    for (const i of byLane[lane]) {
      if (data.start(i) > t + reach) break;
      if (!visible(i)) continue;
      const away = Math.max(data.start(i) - t, t - data.end(i), 0);
      if (away < distance || (away === 0 && distance === 0)) { best = i; distance = away; }
    }
    return best;
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== box) return;
    const actions = {
      ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), "+": () => zoom(0.5, middle()), "=": () => zoom(0.5, middle()),
      "-": () => zoom(2, middle()), 0: () => show(0, data.seconds), Home: () => pan(-1e9), End: () => pan(1e9),
      n: () => step(notable, 1), p: () => step(notable, -1), Escape: () => select(-1),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  // One pointer moves, two zoom. A press without movement selects.
  const pointers = new Map();
  let moved = 0;
  function onPointerDown(event) {
    pointers.set(event.pointerId, event.offsetX);
    moved = 0;
    picture.canvas.setPointerCapture(event.pointerId);
  }
  function onPointerMove(event) {
    if (!pointers.has(event.pointerId)) {
      const i = event.pointerType === "mouse" ? operationAt(event.offsetX, event.offsetY) : -1;
      picture.canvas.style.cursor = i >= 0 ? "pointer" : "grab";
      if (selected < 0) detail.textContent = i < 0 ? "" : describe(i);
      return;
    }
    const before = [...pointers.values()];
    moved += Math.abs(event.offsetX - pointers.get(event.pointerId));
    const old = pointers.get(event.pointerId);
    pointers.set(event.pointerId, event.offsetX);
    if (pointers.size === 1) {
      pan((old - event.offsetX) / (right() - gutter));
      return;
    }
    const after = [...pointers.values()];
    const gap = (xs) => Math.max(20, Math.abs(xs[0] - xs[1]));
    zoom(gap(before) / gap(after), timeAt((after[0] + after[1]) / 2));
  }
  function onPointerUp(event) {
    if (pointers.size === 1 && moved < 4) select(operationAt(event.offsetX, event.offsetY), false);
    pointers.delete(event.pointerId);
  }
  function onWheel(event) {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      pan(event.deltaX / (right() - gutter));
    } else if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(Math.exp(event.deltaY * 0.004), timeAt(event.offsetX));
    }
  }

  function controls() {
    const button = (text, label, action) => element("button", { type: "button", "aria-label": label, onclick: action }, text);
    const bar = element("div", { class: "controls", role: "group", "aria-label": "Timeline controls" },
      button("−", "Zoom out", () => zoom(2, middle())), button("+", "Zoom in", () => zoom(0.5, middle())),
      button("◂", "Earlier", () => pan(-0.3)), button("▸", "Later", () => pan(0.3)),
      button("Whole run", "Show the whole run", () => show(0, data.seconds)));
    if (guilty.length > 0) bar.append(button("To the violation", "Show the guilty operation", () => step(guilty, 1)));
    outcomeNames.forEach((name, outcome) => {
      const tick = element("input", { type: "checkbox", checked: "", onchange: () => {
        shown[outcome] = tick.checked;
        picture.later();
      } });
      bar.append(element("label", {}, tick, element("span", { class: "swatch " + name, "aria-hidden": "true" }), " " + name));
    });
    bar.append(keyFilter());
    return bar;
  }

  function keyFilter() {
    const keys = [...new Set(Array.from(data.key, (k) => data.texts[k]))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const select = element("select", { "aria-label": "Show one key only", onchange: () => {
      keyWanted = select.value;
      picture.later();
    } }, element("option", { value: "" }, "every key"));
    for (const key of keys.slice(0, 2000)) select.append(element("option", { value: key }, "key " + key));
    return select;
  }

  box.querySelector(".noscript").remove();
  box.before(controls());
  const picture = new Picture(box, `Timeline of ${data.count} operations on ${data.lanes} lanes`, height);
  picture.start(draw);
  box.addEventListener("keydown", onKey);
  picture.canvas.addEventListener("pointerdown", onPointerDown);
  picture.canvas.addEventListener("pointermove", onPointerMove);
  picture.canvas.addEventListener("pointerup", onPointerUp);
  picture.canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  picture.canvas.addEventListener("pointerleave", () => { if (selected < 0) detail.textContent = ""; });
  picture.canvas.addEventListener("wheel", onWheel, { passive: false });
  box.setAttribute("data-operations", data.count);
})();
