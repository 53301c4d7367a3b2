// How wide text is drawn, so that it ends where its room does.
const context = document.createElement('canvas').getContext('2d');
const known = new Map();
const MOST_KNOWN = 5_000;

function width(text, font) {
  const key = `${font} ${text}`;
  if (!known.has(key)) {
    if (known.size >= MOST_KNOWN) known.clear();
    context.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
    known.set(key, context.measureText(text).width);
  }
  return known.get(key);
}

// The text, or as much of its beginning as fits, and a sign that there is more.
export function fitting(text, font, room) {
  if (width(text, font) <= room) return text;
  let end = text.length;
  while (end > 0 && width(`${text.slice(0, end).trimEnd()}…`, font) > room) end--;
  return end === 0 ? '' : `${text.slice(0, end).trimEnd()}…`;
}
