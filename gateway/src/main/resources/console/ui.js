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

// A table whose rows are cards where there is little room.
export function Table({ caption, columns, rows, empty }) {
  if (rows.length === 0) {
    return html`<p class="quiet">${empty}</p>`;
  }
  return html`
    <table>
      <caption class="unseen">${caption}</caption>
      <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.number ? 'number' : ''}>${column.title}</th>`)}</tr></thead>
      <tbody>
        ${rows.map((row) => html`
          <tr key=${row.key}>
            ${columns.map((column, index) => {
              const cell = html`<span class="cell">${column.of(row)}</span>`;
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
