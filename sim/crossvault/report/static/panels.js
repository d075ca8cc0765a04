// One of many panels, chosen in a list or by the address (`#account=alice`).
function choices() {
  for (const element of document.querySelectorAll(".choice")) {
    const list = element.querySelector("select");
    list.addEventListener("change", () => {
      show(element, list.value);
      history.replaceState(null, "", `#${element.dataset.choice}=${encodeURIComponent(list.value)}`);
    });
    show(element, list.value);
  }
}

function show(element, name) {
  let found = null;
  for (const panel of element.querySelectorAll(":scope > .panel")) {
    panel.hidden = panel.dataset.name !== name;
    if (!panel.hidden) found = panel;
  }
  if (found) fillAll(found);
  return found;
}

function choose(kind, name) {
  let isFound = false;
  for (const element of document.querySelectorAll(".choice")) {
    if (element.dataset.choice !== kind) continue;
    const panel = show(element, name);
    if (!panel) continue;
    element.querySelector("select").value = name;
    if (!isFound) bring(element, element.querySelector("select"));
    isFound = true;
  }
  return isFound;
}

// Scrolls an element into view and puts the focus there.
function bring(element, focused) {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: isStill ? "auto" : "smooth", block: "start" });
  (focused || element).focus({ preventScroll: true });
}
