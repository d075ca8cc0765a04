// Payments: payers left, receivers right, bands as wide as the amounts; small ones are one node. By purpose, each is a band.
kinds.flow = function (element, data) {
  const payments = data.payments.map(([payer, receiver, amount, purpose]) => ({ payer, receiver, amount, purpose, value: Number(amount) }));
  const plot = make("div", { class: "plot" });
  const readout = make("output", { class: "readout" });
  element.append(plot, readout, fold("Numbers of this picture", (inside) => grid(inside, {
    title: data.title,
    columns: [{ name: "payer", kind: "text" }, { name: "receiver", kind: "text" }, { name: "for", kind: "text" }, { name: "amount", unit: data.unit, kind: "number", places: 2 }],
    data: [payments.map((p) => p.payer), payments.map((p) => p.receiver), payments.map((p) => p.purpose), payments.map((p) => p.amount)],
  })));
  const bands = joined(payments, data);
  if (data.by_purpose) plot.before(purposes(bands));
  let width = 0;
  const redraw = () => plot.replaceChildren(flows(bands, data, plot.clientWidth || PAPER, readout));
  new ResizeObserver(later(() => { if (plot.clientWidth !== width) { width = plot.clientWidth; redraw(); } }, 60)).observe(plot);
  redraw();
};

// The payments between the largest payers and receivers; the others are `others`.
function joined(payments, { most, by_purpose }) {
  const sides = ["payer", "receiver"].map((side) => {
    const sums = new Map();
    for (const each of payments) sums.set(each[side], (sums.get(each[side]) || 0) + each.value);
    const names = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
    return new Set(names.length > most ? names.slice(0, most - 1) : names);
  });
  const found = new Map();
  for (const each of payments) {
    const from = sides[0].has(each.payer) ? each.payer : "others";
    const to = sides[1].has(each.receiver) ? each.receiver : "others";
    const key = JSON.stringify([from, to, by_purpose ? each.purpose : ""]);
    found.set(key, (found.get(key) || 0) + each.value);
  }
  const bands = [...found].map(([key, value]) => ({ from: JSON.parse(key)[0], to: JSON.parse(key)[1], purpose: JSON.parse(key)[2], value }));
  return bands.filter((each) => each.value > 0);
}

// The purposes by their sums; gives every band the colour of its purpose.
function purposes(bands) {
  const sums = new Map();
  for (const each of bands) sums.set(each.purpose, (sums.get(each.purpose) || 0) + each.value);
  const names = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
  for (const each of bands) each.colour = `var(--c${names.indexOf(each.purpose) % COLOURS})`;
  return make("p", { class: "key" }, ...names.map((name, place) => make("span", {}, make("i", { style: `background:var(--c${place % COLOURS})` }), name)));
}

const LABEL = 28;

function stack(bands, side, room, height) {
  const sums = new Map();
  for (const each of bands) sums.set(each[side], (sums.get(each[side]) || 0) + each.value);
  const names = [...sums.keys()].sort((a, b) => (a === "others") - (b === "others") || sums.get(b) - sums.get(a));
  const total = bands.reduce((sum, each) => sum + each.value, 0);
  const scale = height / total;
  let top = 0;
  return new Map(names.map((name) => {
    const tall = Math.max(1, sums.get(name) * scale);
    const slot = Math.max(tall + room, LABEL);
    const node = { name, value: sums.get(name), top: top + (slot - tall) / 2, height: tall, used: 0, scale };
    top += slot;
    return [name, node];
  }));
}

function flows(bands, data, width, readout) {
  if (!bands.length) return make("p", { text: "no payments" });
  const nodes = Math.max(new Set(bands.map((each) => each.from)).size, new Set(bands.map((each) => each.to)).size);
  const tall = Math.max(120, nodes * 16);
  const wide = Math.min(150, width * 0.27);
  const [left, right] = [stack(bands, "from", 6, tall), stack(bands, "to", 6, tall)];
  const height = Math.max(...[left, right].flatMap((side) => [...side.values()].map((node) => node.top + Math.max(node.height, LABEL))));
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height + 16}`, width, height: height + 16, role: "img",
    "aria-label": `${data.title} [${data.unit}]; its numbers are in the table below` });
  const inside = draw("g", { transform: "translate(0 8)" });
  [...left.values()].forEach((node, place) => { node.colour = `var(--c${place % COLOURS})`; });
  for (const name of left.keys()) {
    for (const to of right.keys()) {
      for (const band of bands.filter((each) => each.from === name && each.to === to)) inside.append(ribbon(band, left.get(name), right.get(to), [wide + 8, width - wide - 8], (text) => { readout.textContent = `${text} ${data.unit}`; }));
    }
  }
  for (const [side, x, anchor] of [[left, wide, "end"], [right, width - wide, "start"]]) {
    for (const node of side.values()) {
      const middle = node.top + node.height / 2;
      inside.append(draw("rect", { class: "node", x: anchor === "end" ? wide + 2 : width - wide - 8, y: node.top, width: 6, height: node.height }),
        draw("text", { class: "name", x: anchor === "end" ? x - 4 : x + 4, y: middle - 1, "text-anchor": anchor, text: short(node.name, wide) }, draw("title", { text: node.name })),
        draw("text", { x: anchor === "end" ? x - 4 : x + 4, y: middle + 12, "text-anchor": anchor, text: signed(node.value, 0) }));
    }
  }
  picture.append(inside);
  return picture;
}

function short(name, wide) {
  const most = Math.floor(wide / 8.4);
  return name.length > most ? name.slice(0, most - 1) + "…" : name;
}

function ribbon(band, from, to, [x0, x1], show) {
  const [high, low] = [band.value * from.scale, band.value * to.scale];
  const [y0, y1] = [from.top + from.used, to.top + to.used];
  from.used += high;
  to.used += low;
  const middle = (x0 + x1) / 2;
  const text = `${band.from} to ${band.to}: ${band.purpose ? `${band.purpose} ` : ""}${signed(band.value, 2)}`;
  return draw("path", {
    class: "ribbon", style: `fill:${band.colour || from.colour}`, pointerenter: () => show(text),
    d: `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}v${Math.max(0.7, low)}C${middle} ${y1 + low} ${middle} ${y0 + high} ${x0} ${y0 + high}z`,
  }, draw("title", { text }));
}
