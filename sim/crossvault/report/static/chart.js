// Lines over time or numbers, as SVG: drawn at the width there is, in the colours of the theme, printed as vectors.
const DASHES = ["", "6 3", "2 3", "9 3 2 3"];
const COLOURS = 8;
const PAPER = 680;

kinds.line = function (element, data) {
  const lines = data.lines.map((line, place) => ({
    ...line, values: line.up.map((each) => (each === null ? NaN : Number(each))),
    colour: `var(--c${place % COLOURS})`, dash: DASHES[(place + Math.floor(place / COLOURS)) % DASHES.length],
    isShown: place < data.shown,
  }));
  const state = { data, lines, whole: span(lines, data), cursor: null, from: null };
  state.view = state.whole;
  const plot = make("div", { class: "plot" });
  const readout = make("output", { class: "readout" });
  const parts = [plot, readout];
  if (lines.length > 1) parts.push(legend(lines, () => redraw()));
  parts.push(...asides(data, lines), numbers(data, lines));
  element.append(...parts);
  let width = 0;
  const redraw = () => paint(state, plot, readout, width || plot.clientWidth || PAPER, redraw);
  new ResizeObserver(later(() => {
    if (plot.clientWidth && plot.clientWidth !== width) { width = plot.clientWidth; redraw(); }
  }, 60)).observe(plot);
  width = plot.clientWidth;
  redraw();
};

function span(lines, data) {
  let low = Infinity;
  let high = -Infinity;
  for (const line of lines) {
    if (!line.across.length) continue;
    low = Math.min(low, line.across[0]);
    high = Math.max(high, line.across[line.across.length - 1]);
  }
  for (const mark of data.marks) { low = Math.min(low, mark.at); high = Math.max(high, mark.until ?? mark.at); }
  if (low > high) return [0, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
}

function legend(lines, change) {
  const buttons = lines.map((line) => make("button", {
    type: "button", "aria-pressed": String(line.isShown), click: (event) => {
      line.isShown = !line.isShown;
      event.currentTarget.setAttribute("aria-pressed", String(line.isShown));
      change();
    },
  }, draw("svg", { "aria-hidden": "true", viewBox: "0 0 26 8" }, draw("line", {
    x1: 0, x2: 26, y1: 4, y2: 4, style: `stroke:${line.colour}`, "stroke-width": 2.5, "stroke-dasharray": line.dash,
  })), line.name));
  return make("div", { class: "legend", role: "group", "aria-label": "lines", tabindex: lines.length > 24 ? 0 : null }, ...buttons);
}

function asides(data, lines) {
  const found = [];
  const kept = lines.reduce((sum, line) => sum + line.across.length, 0);
  const all = lines.reduce((sum, line) => sum + (line.total || line.across.length), 0);
  if (all > kept) found.push(`thinned: ${group(String(kept))} of ${group(String(all))} points; of every interval the first, lowest, highest and last are kept, as they are`);
  const [floor, roof] = data.bounds;
  const values = lines.flatMap((line) => line.values);
  if (roof !== null && values.some((each) => each > roof)) found.push(`what is above ${roof} is drawn at ${roof}`);
  if (floor !== null && values.some((each) => each < floor)) found.push(`what is below ${floor} is drawn at ${floor}`);
  return found.length ? [make("p", { class: "aside", text: found.join(" · ") })] : [];
}

// The numbers of a picture, made when they are first opened.
function numbers(data, lines) {
  const across = data.time ? { name: "time", unit: "UTC", kind: "time", places: 0 } : { name: data.across, unit: "", kind: "text", places: 0 };
  return fold("Numbers of this picture", (inside) => {
    const columns = [{ name: "line", unit: "", kind: "text", places: 0 }, across, { name: "value", unit: data.unit, kind: "number", places: data.places }];
    const values = [[], [], []];
    for (const line of lines) {
      line.across.forEach((at, place) => {
        if (line.up[place] === null) return;
        values[0].push(line.name); values[1].push(at); values[2].push(line.up[place]);
      });
    }
    grid(inside, { title: data.title, columns, data: values });
  });
}

function fold(title, build) {
  const inside = make("div");
  let isBuilt = false;
  return make("details", { toggle: () => { if (!isBuilt) { isBuilt = true; build(inside); } } }, make("summary", { text: title }), inside);
}

function heights(state) {
  let low = Infinity;
  let high = -Infinity;
  const [floor, roof] = state.data.bounds;
  for (const line of state.lines) {
    if (!line.isShown) continue;
    const from = Math.max(0, above(line.across, state.view[0]) - 1);
    const to = above(line.across, state.view[1]);
    for (let k = from; k < to; k += 1) {
      const value = clip(line.values[k], floor, roof);
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  for (const [, level] of state.data.levels) { low = Math.min(low, Number(level)); high = Math.max(high, Number(level)); }
  if (low > high) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

function clip(value, floor, roof) {
  if (roof !== null && value > roof) return roof;
  return floor !== null && value < floor ? floor : value;
}

function paint(state, plot, readout, width, redraw) {
  const { data, view } = state;
  const height = width < 520 ? 230 : 290;
  const [low, high] = heights(state);
  const up = ticks(low, high, 5);
  const labels = up.values.map((each) => tick(each, up.step));
  const left = 14 + 7.2 * Math.max(...labels.map((each) => each.length), 3);
  const box = { left, right: width - 12, top: 10, bottom: height - 26 };
  const x = (at) => box.left + ((at - view[0]) / (view[1] - view[0])) * (box.right - box.left);
  const y = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
  const picture = draw("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: 0, "aria-label": summary(state),
  });
  up.values.forEach((each, place) => picture.append(
    draw("line", { class: "grid", x1: box.left, x2: box.right, y1: y(each), y2: y(each) }),
    draw("text", { x: box.left - 6, y: y(each) + 4, "text-anchor": "end", text: labels[place] })));
  const most = Math.max(2, Math.floor((box.right - box.left) / 92));
  const over = data.time ? times(view[0], view[1], most) : ticks(view[0], view[1], most);
  over.values.forEach((each, place) => picture.append(
    draw("line", { class: "grid", x1: x(each), x2: x(each), y1: box.bottom, y2: box.bottom + 5 }),
    draw("text", { x: Math.min(box.right - 14, Math.max(box.left, x(each))), y: height - 6, "text-anchor": "middle",
      text: data.time ? timeLabel(each, over.step, place === 0) : tick(each, over.step) })));
  marks(state, picture, x, box);
  for (const [, level] of data.levels) picture.append(draw("line", { class: "level", x1: box.left, x2: box.right, y1: y(Number(level)), y2: y(Number(level)) }));
  for (const line of state.lines) {
    if (line.isShown) picture.append(draw("path", { class: "line", d: path(line, state, x, y), style: `stroke:${line.colour}`, "stroke-dasharray": line.dash }));
  }
  for (const [name, level] of data.levels) {
    picture.append(draw("text", { class: "name over", x: box.right, y: y(Number(level)) - 4, "text-anchor": "end", text: name }));
  }
  const cursor = draw("g");
  picture.append(cursor);
  plot.replaceChildren(picture);
  listen(state, { picture, cursor, readout, x, y, box, redraw });
}

function path(line, state, x, y) {
  const [floor, roof] = state.data.bounds;
  const from = Math.max(0, above(line.across, state.view[0]) - 1);
  const to = Math.min(line.across.length, above(line.across, state.view[1]) + 1);
  const found = [];
  let isOpen = false;
  for (let k = from; k < to; k += 1) {
    const value = line.values[k];
    if (Number.isNaN(value)) {
      if (isOpen && state.data.time) found.push(`H${x(Math.min(state.view[1], line.across[k])).toFixed(1)}`);
      isOpen = false;
      continue;
    }
    const across = x(Math.min(state.view[1], Math.max(state.view[0], line.across[k]))).toFixed(1);
    const height = y(clip(value, floor, roof)).toFixed(1);
    const isAlone = !isOpen && (k + 1 === to || Number.isNaN(line.values[k + 1]));
    if (isAlone) found.push(`M${Number(across) - 3} ${height}h6`);
    else if (!isOpen) found.push(`M${across} ${height}`);
    else found.push(state.data.time ? `H${across}V${height}` : `L${across} ${height}`);
    isOpen = true;
  }
  return found.join("");
}

function marks(state, picture, x, box) {
  for (const mark of state.data.marks) {
    const from = Math.max(box.left, x(mark.at));
    const to = Math.min(box.right, x(mark.until ?? mark.at));
    if (to < box.left || from > box.right) continue;
    const title = draw("title", { text: mark.label });
    const shape = mark.until === null
      ? draw("path", { class: "mark", d: `M${from} ${box.bottom}v-9`, style: "stroke:var(--loss);stroke-width:2" }, title)
      : draw("rect", { class: "band", x: from, y: box.top, width: Math.max(1, to - from), height: box.bottom - box.top }, title);
    picture.append(shape);
  }
}

function summary(state) {
  const shown = state.lines.filter((line) => line.isShown && line.up.length);
  const parts = shown.slice(0, 8).map((line) => {
    const known = line.up.filter((each) => each !== null);
    let low = 0;
    let high = 0;
    known.forEach((each, place) => {
      if (Number(each) < Number(known[low])) low = place;
      if (Number(each) > Number(known[high])) high = place;
    });
    const text = (place) => figure(known[place], state.data.places);
    return known.length ? `${line.name}: lowest ${text(low)}, highest ${text(high)}, last ${text(known.length - 1)}` : `${line.name}: no value`;
  });
  return `${state.data.title} [${state.data.unit}]. ${parts.join("; ")}. Arrow keys move along, plus and minus zoom, 0 shows all.`;
}

// Pointer and keys: a cursor with the values under it; dragging or plus and minus zoom, a double click or 0 shows all.
function listen(state, drawn) {
  const { picture, box } = drawn;
  const place = (event) => {
    const inside = picture.getBoundingClientRect();
    const across = (event.clientX - inside.left) * (picture.viewBox.baseVal.width / inside.width);
    const share = (across - box.left) / (box.right - box.left);
    return state.view[0] + Math.min(1, Math.max(0, share)) * (state.view[1] - state.view[0]);
  };
  picture.addEventListener("pointermove", (event) => point(state, drawn, place(event)));
  picture.addEventListener("pointerdown", (event) => { state.from = event.pointerType === "mouse" ? place(event) : null; point(state, drawn, place(event)); });
  picture.addEventListener("pointerup", (event) => {
    const [from, to] = [state.from, place(event)].sort((a, b) => a - b);
    state.from = null;
    if (from !== null && Math.abs(drawn.x(to) - drawn.x(from)) > 12) { state.view = [from, to]; drawn.redraw(); }
  });
  picture.addEventListener("pointerleave", () => { state.from = null; });
  picture.addEventListener("dblclick", () => { state.view = state.whole; drawn.redraw(); });
  picture.addEventListener("keydown", (event) => keys(state, drawn, event));
}

function keys(state, drawn, event) {
  const [low, high] = state.view;
  const places = [...new Set(state.lines.filter((line) => line.isShown).flatMap((line) => line.across))].sort((a, b) => a - b);
  const at = state.cursor ?? low;
  if (event.key === "ArrowRight") point(state, drawn, places[Math.min(places.length - 1, above(places, at))] ?? at);
  else if (event.key === "ArrowLeft") point(state, drawn, places.filter((each) => each < at).pop() ?? at);
  else if (event.key === "Home") point(state, drawn, low);
  else if (event.key === "End") point(state, drawn, high);
  else if (event.key === "0") zoom(state, drawn, state.whole);
  else if (event.key === "+" || event.key === "-") {
    const wide = (high - low) * (event.key === "+" ? 0.5 : 2);
    const [first, last] = state.whole;
    const from = Math.max(first, Math.min(at - wide / 2, last - wide));
    zoom(state, drawn, wide >= last - first ? state.whole : [from, from + wide]);
  } else return;
  event.preventDefault();
}

function zoom(state, drawn, view) {
  state.view = view;
  const plot = drawn.picture.parentNode;
  drawn.redraw();
  plot.firstChild.focus();
}

function point(state, drawn, at) {
  state.cursor = at;
  const { data, view } = state;
  const values = [];
  drawn.cursor.replaceChildren();
  if (at >= view[0] && at <= view[1]) drawn.cursor.append(draw("line", { class: "cursor", x1: drawn.x(at), x2: drawn.x(at), y1: drawn.box.top, y2: drawn.box.bottom }));
  if (state.from !== null) {
    const [from, to] = [drawn.x(state.from), drawn.x(at)].sort((a, b) => a - b);
    drawn.cursor.append(draw("rect", { class: "chosen", x: from, y: drawn.box.top, width: to - from, height: drawn.box.bottom - drawn.box.top }));
  }
  for (const line of state.lines) {
    const k = above(line.across, at) - 1;
    if (line.isShown && k >= 0 && line.up[k] !== null) values.push(`${line.name} ${figure(line.up[k], data.places)}`);
  }
  const near = data.marks.filter((mark) => Math.abs(drawn.x(mark.at) - drawn.x(at)) < 3).slice(0, 3).map((mark) => mark.label);
  const where = data.time ? utc(Math.round(at)) + " UTC" : signed(at, 2);
  drawn.readout.textContent = [where, ...values, ...near].join(" · ");
}
