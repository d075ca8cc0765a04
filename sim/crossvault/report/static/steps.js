// The steps of a record: a table to filter and search; a chosen step with its events and the state before and after it.
const ANY = "";
const KEPT = 8;

kinds.steps = function (element, data) {
  const { lists, columns } = data;
  const length = columns.at.length;
  const accounts = columns.account.map((each) => each.map((place) => lists.account[place]).join(", "));
  const named = (name) => columns[name].map((place) => lists[name][place]);
  const table = {
    title: data.title, isBare: true,
    columns: [
      { name: "step", kind: data.key, places: 0 }, { name: "time", unit: "UTC", kind: "time" }, { name: "sender", kind: "text" },
      { name: "call", kind: "text" }, { name: "result", kind: "text" }, { name: "accounts", kind: "text" }, { name: "arguments", kind: "text" }, { name: "events", kind: "text" },
    ],
    data: [Array.from({ length }, (_, row) => row + 1), columns.at, named("sender"), named("door"), named("result"), accounts, columns.text, named("events")],
  };
  const isDifferent = (row) => table.data[4][row].startsWith("differs");
  const state = { data, table, element, cache: new Map(), chosen: null };
  const filters = filterRow(state, lists);
  const detail = make("div", { class: "step", tabindex: -1, hidden: true });
  element.append(filters.row);
  state.grid = grid(element, { ...table,
    rows: (row) => (row + 1 === state.chosen ? "chosen" : isDifferent(row) ? "different" : null),
    chosen: (row) => { location.hash = `#${data.key}=${row + 1}`; } });
  element.append(detail);
  state.detail = detail;
  state.filters = filters;
  filters.apply();
  element.openStep = (number) => openOne(state, number);
  element.filterAccount = (name) => { filters.account.value = name; filters.apply(); bring(element, filters.account); };
};

// The filters: words anywhere in a row, and one choice each of account, call and result.
function filterRow(state, lists) {
  const field = make("input", { type: "search", placeholder: "search", "aria-label": `search in: ${state.table.title}` });
  const list = (label, values) => make("select", { "aria-label": label }, make("option", { value: ANY, text: label }), ...[...values].sort().map((each) => make("option", { text: each })));
  const account = list("every account", lists.account);
  const door = list("every call", lists.door);
  const result = list("every result", lists.result);
  const sender = list("every sender", lists.sender);
  const count = make("span", { class: "aside", "aria-live": "polite" });
  const texts = [];
  const apply = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [account_, door_, result_, sender_] = [lists.account.indexOf(account.value), lists.door.indexOf(door.value), lists.result.indexOf(result.value), lists.sender.indexOf(sender.value)];
    const { columns } = state.data;
    const found = [];
    for (let row = 0; row < columns.at.length; row += 1) {
      if (account_ >= 0 && !columns.account[row].includes(account_)) continue;
      if (door_ >= 0 && columns.door[row] !== door_) continue;
      if (result_ >= 0 && columns.result[row] !== result_) continue;
      if (sender_ >= 0 && columns.sender[row] !== sender_) continue;
      if (words.length) {
        texts[row] ||= state.table.columns.map((column, k) => shownCell(column, state.table.data[k][row])).join(" ").toLowerCase();
        if (!words.every((word) => texts[row].includes(word))) continue;
      }
      found.push(row);
    }
    state.grid.order = order(state.grid, found.length === columns.at.length ? null : found);
    state.grid.frame.scrollTop = 0;
    state.grid.show();
    count.textContent = `${group(String(found.length))} of ${group(String(columns.at.length))} steps`;
  };
  field.addEventListener("input", later(apply, 150));
  for (const each of [account, door, result, sender]) each.addEventListener("change", apply);
  const clear = make("button", { type: "button", text: "All steps", click: () => { for (const each of [field, account, door, result, sender]) each.value = ""; apply(); } });
  return { row: make("div", { class: "filters" }, field, account, door, result, sender, clear, count), account, apply };
}

async function details(state, number) {
  const { data, cache } = state;
  const place = Math.floor((number - 1) / data.size);
  if (!cache.has(place)) {
    if (cache.size >= KEPT) cache.delete(cache.keys().next().value);
    cache.set(place, unpack(data.chunks[place]));
  }
  return (await cache.get(place))[(number - 1) % data.size];
}

async function openOne(state, number) {
  const length = state.data.columns.at.length;
  if (!(number >= 1 && number <= length)) return;
  const found = await details(state, number);
  state.chosen = number;
  if (!reveal(state.grid, number - 1)) { state.grid.order = null; reveal(state.grid, number - 1); }
  const row = (place) => state.table.data[place][number - 1];
  const parts = [
    make("h3", { text: `Step ${group(String(number))}: ${row(2)} calls ${row(3)}` }),
    make("p", { class: "aside", text: `${utc(row(1))} UTC · ${row(4)}` }),
    moves(state, number, found),
  ];
  if (found.different) parts.push(make("h4", { text: "Both sides, where they differ" }), sides(found.different));
  parts.push(make("h4", { text: "Arguments" }), facts(found.args));
  if (Object.keys(found.refusal).length) parts.push(make("h4", { text: "Refusal" }), facts(found.refusal));
  parts.push(make("h4", { text: `State before and after [amounts in ${state.data.quote}, sizes in the underlying]` }), states(found.state));
  parts.push(make("h4", { text: `Events: ${found.events.length}` }));
  for (const [name, fields] of found.events) parts.push(make("p", { text: name }), facts(fields));
  state.detail.replaceChildren(...parts);
  state.detail.hidden = false;
  bring(state.detail);
}

// Links to the steps before and after, and to those of each account of this one.
function moves(state, number) {
  const { key, columns, lists } = state.data;
  const link = (to, text) => make("a", { href: `#${key}=${to}`, text });
  const inside = [];
  if (number > 1) inside.push(link(number - 1, "previous step"), " · ");
  if (number < columns.at.length) inside.push(link(number + 1, "next step"), " ");
  for (const place of columns.account[number - 1]) {
    const name = lists.account[place];
    inside.push(" · ", make("a", { href: `#account=${encodeURIComponent(name)}`, text: name }), " ",
      make("button", { type: "button", text: `steps of ${name}`, click: () => state.element.filterAccount(name) }));
  }
  return make("p", {}, ...inside);
}

function facts(fields) {
  const names = Object.keys(fields);
  if (!names.length) return make("p", { class: "aside", text: "none" });
  return make("dl", { class: "facts" }, ...names.flatMap((name) => [make("dt", { text: name.replace(/_/g, " ") }), make("dd", { text: grouped(fields[name]) })]));
}

function sides(rows_) {
  return frameOf(["field", "chain", "model", "chain less model"], rows_.map(([field, chain, model], place) =>
    [place ? null : "different", field.replace(/_/g, " "), grouped(chain), grouped(model), grouped(less(chain, model))]));
}

function states(rows_) {
  const sorted = [...rows_.filter((row) => row.length > 2), ...rows_.filter((row) => row.length === 2)];
  if (!sorted.length) return make("p", { class: "aside", text: "unchanged" });
  return frameOf(["field", "before", "after"], sorted.map(([field, before, after]) =>
    [after === undefined ? "same" : "changed", field.replace(/_/g, " "), grouped(before), after === undefined ? "unchanged" : grouped(after)]));
}

function frameOf(heads, rows_) {
  return make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": heads.join(", ") }, make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...rows_.map(([kind, field, ...rest]) => make("tr", { class: kind }, make("th", { scope: "row", text: field }), ...rest.map((text) => make("td", { text })))))));
}

// Exact decimal text with its thousands grouped; other text as it is.
function grouped(text) {
  const found = /^([+-]?)(\d+)(\.\d+)?$/.exec(text);
  return found ? found[1] + group(found[2]) + (found[3] || "") : text;
}

// The exact difference of two decimal texts; nothing where they are no numbers.
function less(one, two) {
  const scaled = (text) => { const found = /^(-?\d+)(?:\.(\d+))?$/.exec(text); return found && BigInt(found[1] + (found[2] || "").padEnd(27, "0")); };
  const [a, b] = [scaled(one), scaled(two)];
  if (a === null || b === null) return "";
  const value = a - b;
  const digits = (value < 0n ? -value : value).toString().padStart(28, "0");
  const rest = digits.slice(-27).replace(/0+$/, "");
  return (value < 0n ? "-" : "+") + digits.slice(0, -27) + (rest ? "." + rest : "");
}
