// What all panels are made of.
import { html, useEffect, useRef, useState } from './vendor/htm/standalone.module.js';

// A sign and a word beside each colour: nothing is told by colour alone.
const SIGNS = {
  fine: ['●', 'fine'],
  behind: ['▲', 'behind'],
  stuck: ['✖', 'stuck'],
  down: ['■', 'down'],
  out: ['⏸', 'out of use'],
  unknown: ['?', 'unknown'],
};

export const HEALTHS = Object.keys(SIGNS);

export const sign = (health) => SIGNS[health] ?? SIGNS.unknown;

export function Health({ health, text }) {
  const [glyph, word] = sign(health);
  return html`<span class="health ${health}"><span aria-hidden="true">${glyph}</span> ${text ?? word}</span>`;
}

export function Panel({ id, title, children, aside }) {
  return html`
    <section class="panel" id=${id} aria-labelledby="${id}-title">
      <div class="head"><h2 id="${id}-title">${title}</h2>${aside}</div>
      ${children}
    </section>`;
}

// Holds a name that may be longer than its column has room for, without a place to break.
const isLong = (value) => typeof value === 'string' && /[^\s-]{25,}/.test(value);

const isShort = (value) => typeof value === 'string' && value.length <= 14;

// Such a name may break behind what joins its words.
export const breakable = (name) => name.split(/(?<=[_./:])/).map((part) => html`${part}<wbr />`);

// A table whose rows are cards where there is little room, the more so the more columns it has.
const size = (columns) => (columns.length >= 10 ? 'many' : columns.length >= 7 ? 'some' : 'few');

export function Table({ caption, columns, rows, empty }) {
  if (rows.length === 0) {
    return html`<p class="quiet">${empty}</p>`;
  }
  return html`
    <table class="columns-${size(columns)}">
      <caption class="unseen">${caption}</caption>
      <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.number ? 'number' : ''}>${column.title}</th>`)}</tr></thead>
      <tbody>
        ${rows.map((row) => html`
          <tr key=${row.key}>
            ${columns.map((column, index) => {
              const value = column.of(row);
              const cell = html`<span class="cell ${isLong(value) ? 'long' : isShort(value) ? 'short' : ''}">${isLong(value) ? breakable(value) : value}</span>`;
              return index === 0
                ? html`<th scope="row" data-label=${column.title}>${cell}</th>`
                : html`<td data-label=${column.title} class=${column.number ? 'number' : ''}>${cell}</td>`;
            })}
          </tr>`)}
      </tbody>
    </table>`;
}

// Asks before it does anything, where there is a question; the keyboard stays where it is.
export function Asking({ label, question, yes, act }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const confirm = useRef(null);
  const button = useRef(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (asking) {
      confirm.current?.focus();
    } else if (wasAsking.current) {
      button.current?.focus();
    }
    wasAsking.current = asking;
  }, [asking]);
  const doIt = async () => {
    setBusy(true);
    try {
      await act();
    } finally {
      setBusy(false);
      setAsking(false);
    }
  };
  if (!asking) {
    return html`<button type="button" ref=${button} onClick=${() => (question ? setAsking(true) : act())}>${label}</button>`;
  }
  const leave = (event) => event.key === 'Escape' && setAsking(false);
  return html`
    <span class="asking" role="group" aria-label=${question} onKeyDown=${leave}>
      <span>${question}</span>
      <button type="button" class="yes" ref=${confirm} disabled=${busy} onClick=${doIt}>${busy ? '…' : yes}</button>
      <button type="button" disabled=${busy} onClick=${() => setAsking(false)}>No</button>
    </span>`;
}
