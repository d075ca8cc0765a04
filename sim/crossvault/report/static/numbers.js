// Exact decimal text for people: rounded half up at some places, grouped by thousands; all digits on demand.
let allDigits = false;

function group(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function figure(text, places) {
  if (text === null || text === undefined) return "";
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
  if (!found) return String(text);
  let [, sign, whole, rest = ""] = found;
  if (!allDigits && rest.length > places) {
    const up = rest.charCodeAt(places) >= 53;
    const kept = (BigInt(whole + rest.slice(0, places)) + (up ? 1n : 0n)).toString().padStart(places + 1, "0");
    whole = kept.slice(0, kept.length - places);
    rest = kept.slice(kept.length - places);
    if (!/[1-9]/.test(whole + rest)) sign = "";
  } else if (!allDigits) {
    rest = rest.padEnd(places, "0");
  }
  return sign + group(whole) + (rest ? "." + rest : "");
}

const LAST = 253402300799;

function utc(at) {
  if (at === null || at === undefined) return "";
  return at < 0 || at > LAST ? at + " s" : new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ");
}

// A number of an axis, without more places than the distance of its ticks needs.
function tick(value, step) {
  const places = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  return group(Math.abs(value).toFixed(places).replace(/\.\d+$/, "")) === "" ? "" : signed(value, places);
}

function signed(value, places) {
  const [whole, rest] = Math.abs(value).toFixed(places).split(".");
  const isZero = Number(Math.abs(value).toFixed(places)) === 0;
  return (value < 0 && !isZero ? "−" : "") + group(whole) + (rest ? "." + rest : "");
}
