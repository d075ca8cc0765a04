// What each kind of part does in the browser: kinds[name](element, data). Nothing here parses text as HTML.
const kinds = {};
const SVG = "http://www.w3.org/2000/svg";

async function unpack(name) {
  const raw = Uint8Array.from(atob(document.getElementById(name).textContent), (each) => each.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// An element with attributes (a function listens, `text` is its content) and children.
function make(tag, given = {}, ...inside) {
  return fill(document.createElement(tag), given, inside);
}

function draw(tag, given = {}, ...inside) {
  return fill(document.createElementNS(SVG, tag), given, inside);
}

function fill(element, given, inside) {
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...inside);
  return element;
}

// Runs once after the last call of a burst.
function later(work, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
}

// The first place of a sorted list whose value is above the given one.
function above(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
