// A table of any length: only the rows in view are in the document. Search, sort by a column, links to steps and accounts.
const ROW = 30;
const SPARE = 12;
const PRINTED = 200;
const SEARCHED = 12;

kinds.table = function (element, data) {
  grid(element, data);
};

// Options: title, columns, data by column, rows(row) -> class, chosen(row) called when a row is chosen, order (rows shown).
function grid(element, data) {
  const length = data.data.length ? data.data[0].length : 0;
  const state = { ...data, length, order: null, sorted: null, texts: null };
  const body = make("tbody");
  const count = make("span", { class: "aside", "aria-live": "polite" });
  const frame = make("div", { class: "window", tabindex: 0, role: "group", "aria-label": data.title },
    make("table", { "aria-rowcount": length + 1 }, make("caption", { class: "hidden", text: data.title }),
      make("thead", {}, make("tr", { "aria-rowindex": 1 }, ...data.columns.map((column, place) => header(state, column, place, () => show())))), body));
  const show = () => rows(state, frame, body, count);
  state.show = show;
  state.frame = frame;
  if (length > SEARCHED && !data.isBare) element.append(search(state, count, show));
  element.append(frame);
  frame.addEventListener("scroll", () => requestAnimationFrame(show));
  redrawn.push(show);
  new ResizeObserver(later(show, 60)).observe(frame);
  show();
  return state;
}

const redrawn = [];

function header(state, column, place, show) {
  const unit = column.unit ? ` [${column.unit}]` : "";
  const cell = make("th", { scope: "col", class: column.kind === "number" ? "number" : null, "aria-sort": "none" });
  cell.append(make("button", { type: "button", text: column.name + unit, click: () => {
    const isUp = state.sorted && state.sorted[0] === place ? !state.sorted[1] : true;
    state.sorted = [place, isUp];
    for (const other of cell.parentNode.children) {
      other.setAttribute("aria-sort", "none");
      other.firstChild.textContent = other.firstChild.textContent.replace(/ [▲▼]$/, "");
    }
    cell.setAttribute("aria-sort", isUp ? "ascending" : "descending");
    cell.firstChild.textContent += isUp ? " ▲" : " ▼";
    state.order = order(state, state.order);
    show();
  } }));
  return cell;
}

function search(state, count, show) {
  const field = make("input", { type: "search", "aria-label": `search in: ${state.title}`, placeholder: "search" });
  field.addEventListener("input", later(() => {
    state.order = order(state, matching(state, field.value));
    state.frame.scrollTop = 0;
    show();
  }, 120));
  return make("div", { class: "filters" }, field, count);
}

function matching(state, wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  state.texts ||= Array.from({ length: state.length }, (_, row) =>
    state.columns.map((column, place) => shownCell(column, state.data[place][row])).join(" ").toLowerCase());
  const found = [];
  for (let row = 0; row < state.length; row += 1) if (words.every((word) => state.texts[row].includes(word))) found.push(row);
  return found;
}

function order(state, given) {
  if (!state.sorted) return given;
  const [place, isUp] = state.sorted;
  const values = state.data[place];
  const isNumber = state.columns[place].kind !== "text" && state.columns[place].kind !== "account";
  const list = given ? [...given].sort((a, b) => a - b) : Array.from({ length: state.length }, (_, row) => row);
  const sign = isUp ? 1 : -1;
  return list.sort((a, b) => {
    const [one, two] = [values[a], values[b]];
    if (one === null || two === null) return one === two ? a - b : one === null ? 1 : -1;
    const found = isNumber ? Number(one) - Number(two) : one < two ? -1 : one > two ? 1 : 0;
    return found * sign || a - b;
  });
}

function shownCell(column, value) {
  if (value === null || value === undefined) return "";
  if (column.kind === "number") return figure(value, column.places);
  return column.kind === "time" ? utc(value) : String(value);
}

function rows(state, frame, body, count) {
  const total = state.order ? state.order.length : state.length;
  const isPaper = isPrinting;
  const from = isPaper ? 0 : Math.max(0, Math.min(total - 1, Math.floor(frame.scrollTop / ROW)) - SPARE);
  const to = isPaper ? Math.min(total, PRINTED) : Math.min(total, from + Math.ceil((frame.clientHeight || 480) / ROW) + 2 * SPARE);
  const made = [spacer(state, from * ROW)];
  for (let place = from; place < to; place += 1) made.push(line(state, state.order ? state.order[place] : place, place));
  if (isPaper && to < total) made.push(make("tr", { class: "rest" }, make("td", { colspan: state.columns.length, text: `${group(String(total - to))} further rows are in the file` })));
  else made.push(spacer(state, (total - to) * ROW));
  body.replaceChildren(...made.filter(Boolean));
  count.textContent = total === state.length ? `${group(String(total))} rows` : `${group(String(total))} of ${group(String(state.length))} rows`;
}

function spacer(state, height) {
  if (height <= 0) return null;
  return make("tr", { class: "spacer", "aria-hidden": "true" }, make("td", { colspan: state.columns.length, style: `height:${height}px` }));
}

function line(state, row, place) {
  const cells = state.columns.map((column, k) => cell(column, state.data[k][row]));
  const made = make("tr", { "aria-rowindex": place + 2, class: state.rows ? state.rows(row) : null }, ...cells);
  if (state.chosen) made.addEventListener("click", (event) => { if (event.target.tagName !== "A") state.chosen(row); });
  return made;
}

function cell(column, value) {
  const text = shownCell(column, value);
  const given = { class: column.kind === "number" ? "number" : null, title: text.length > 60 ? text : null };
  if ((column.kind.startsWith("step") || column.kind === "account") && text) {
    return make("td", given, make("a", { href: `#${column.kind}=${encodeURIComponent(text)}`, text }));
  }
  return make("td", { ...given, text });
}

// Scrolls a row into view.
function reveal(state, row) {
  const place = state.order ? state.order.indexOf(row) : row;
  if (place < 0) return false;
  state.frame.scrollTop = Math.max(0, place * ROW - state.frame.clientHeight / 3);
  state.show();
  return true;
}
