// How figures are written. What is unknown is called so, and never 0.
export const UNKNOWN = 'unknown';

const isKnown = (value) => typeof value === 'number' && Number.isFinite(value);

export function seconds(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 0.001) return '0 ms';
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86400)} days`;
}

// Of an age nobody wants the tenths.
export function whole(value) {
  return isKnown(value) && value < 120 ? `${Math.round(value)} s` : seconds(value);
}

export function bytes(value) {
  if (!isKnown(value)) return UNKNOWN;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${unit === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`;
}

export function rate(value, unit = '') {
  if (!isKnown(value)) return UNKNOWN;
  if (unit === 'bytes') return `${bytes(value)}/s`;
  const digits = value === 0 ? '0' : value < 0.1 ? '<0.1' : value < 10 ? value.toFixed(1) : String(Math.round(value));
  return `${digits}/s`;
}

export function count(value) {
  return isKnown(value) ? value.toLocaleString('en') : UNKNOWN;
}

export function ago(iso, now) {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? UNKNOWN : `${whole(Math.max(0, (now - at) / 1000))} ago`;
}

export function time(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? UNKNOWN : at.toLocaleTimeString('en-GB');
}
