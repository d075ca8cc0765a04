// Axes: round values up, round times across.
const SPANS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];

function ticks(low, high, most) {
  const raw = (high - low) / Math.max(1, most);
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw) || raw;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) found.push(k * step);
  return { step, values: found };
}

function times(low, high, most) {
  const raw = (high - low) / Math.max(1, most);
  const step = SPANS.find((each) => each >= raw) || Math.ceil(raw / 31536000) * 31536000;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return { step, values: found };
}

function timeLabel(at, step, isFirst) {
  const text = utc(at);
  if (text.endsWith(" s")) return text;
  if (step >= 2592000) return text.slice(0, 7);
  if (step >= 86400) return text.slice(5, 10);
  if (isFirst || text.slice(11) === "00:00:00") return text.slice(5, 10) + " " + text.slice(11, 16);
  return step < 60 ? text.slice(11) : text.slice(11, 16);
}
