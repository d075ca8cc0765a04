// Begins: theme, digits, print, links inside the page; parts are drawn when they come near the view, the others after.
let isPrinting = false;
const started = new WeakMap();

function start(element) {
  if (!started.has(element)) started.set(element, build(element));
  return started.get(element);
}

async function build(element) {
  try {
    await kinds[element.dataset.kind](element, await unpack(element.dataset.block));
  } catch (wrong) {
    element.append(make("p", { class: "bad", text: `This part cannot be drawn: ${wrong.message}` }));
    console.error(wrong);
  }
  element.classList.add("done");
}

function parts(root) {
  return [...root.querySelectorAll(".part")].filter((each) => !each.closest("[hidden]"));
}

function fillAll(root) {
  for (const each of parts(root)) seen.observe(each);
}

const seen = new IntersectionObserver((found) => {
  for (const each of found) {
    if (!each.isIntersecting) continue;
    seen.unobserve(each.target);
    start(each.target);
  }
}, { rootMargin: "600px" });

function theme() {
  const list = document.getElementById("theme");
  const kept = () => { try { return localStorage.getItem("crossvault-theme") || ""; } catch { return ""; } };
  const set = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
  };
  list.value = kept();
  set(list.value);
  list.addEventListener("change", () => {
    set(list.value);
    try { localStorage.setItem("crossvault-theme", list.value); } catch { /* a page from disk may have no storage */ }
  });
}

function digits() {
  const cells = [...document.querySelectorAll("td[data-places]")].map((each) => [each, each.textContent, Number(each.dataset.places)]);
  const show = () => {
    for (const [cell, text, places] of cells) cell.textContent = figure(text, places);
    for (const each of redrawn) each();
  };
  const box = document.getElementById("exact");
  box.checked = false;
  box.addEventListener("change", () => { allDigits = box.checked; show(); });
  show();
}

function paper() {
  const turn = (isOn) => () => {
    isPrinting = isOn;
    for (const each of redrawn) each();
  };
  addEventListener("beforeprint", turn(true));
  addEventListener("afterprint", turn(false));
  document.getElementById("print").addEventListener("click", async () => {
    await Promise.all(parts(document).map(start));
    print();
  });
}

// Links inside the page: `#step=12` (of the part of steps with that key) and `#account=alice`.
async function follow() {
  const [kind, name] = location.hash.slice(1).split("=");
  if (name === undefined) return;
  const wanted = decodeURIComponent(name);
  const found = [...document.querySelectorAll(".part.steps")].find((each) => each.dataset.key === kind);
  if (!found) return void choose(kind, wanted);
  await start(found);
  if (found.openStep) await found.openStep(Number(wanted));
}

// Draws what was not seen yet, one part after another while nothing else is done, so that paper has all of it.
async function rest() {
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  for (const each of parts(document)) {
    await new Promise((resolve) => idle(resolve));
    await start(each);
  }
}

function begin() {
  theme();
  if (!("DecompressionStream" in window)) {
    document.getElementById("old").hidden = false;
    return;
  }
  digits();
  choices();
  paper();
  fillAll(document);
  addEventListener("hashchange", follow);
  follow().then(rest);
}

begin();
