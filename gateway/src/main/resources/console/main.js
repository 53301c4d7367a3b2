// The page: what the store knows, drawn again with every look.
import { html, render, useEffect, useReducer } from './vendor/htm/standalone.module.js';
import { keepToken } from './api.js';
import { Audit } from './audit.js';
import { Charts } from './charts.js';
import { FlowPanel } from './flow.js';
import { Instances } from './instances.js';
import { Routes } from './routes.js';
import { Store } from './store.js';
import { Models, Syncs } from './syncs.js';
import { Reads, Writes } from './traffic.js';
import { Verdict } from './verdict.js';

const store = new Store();

function Token() {
  const submit = (event) => {
    event.preventDefault();
    keepToken(new FormData(event.target).get('token'));
    store.needsToken = false;
    store.changed();
    store.follow();
  };
  return html`
    <form class="token" onSubmit=${submit}>
      <label>The operators' token <input name="token" type="password" required autocomplete="off" /></label>
      <button type="submit">Show</button>
      ${store.tokenRefused && html`<p class="bad" role="alert">✖ The gateway rejected this token.</p>`}
      <p class="quiet">It is what the gateway was given with --operator-token-file. It is kept until this tab is closed.</p>
    </form>`;
}

function Notices() {
  return html`
    <div class="notices" role="status" aria-live="polite">
      ${store.notices.map(({ key, text, isBad }) => html`<p key=${key} class=${isBad ? 'bad' : ''}>${isBad ? '✖' : '✓'} ${text}</p>`)}
    </div>`;
}

function Panels({ now }) {
  return html`
    <div class=${store.connected ? '' : 'old'}>
      <${FlowPanel} flow=${store.look.flow} />
      <${Charts} store=${store} now=${now} />
      <div class="pair"><${Reads} store=${store} /><${Writes} store=${store} /></div>
      <${Instances} store=${store} now=${now} />
      <${Models} store=${store} />
      <${Syncs} store=${store} />
      <${Routes} store=${store} />
      <${Audit} store=${store} />
    </div>`;
}

const SECTIONS = [['flow', 'Flow'], ['lag', 'Lag'], ['reads', 'Reads'], ['writes', 'Writes'], ['instances', 'Instances'], ['models', 'Models'], ['syncs', 'Syncs'], ['routes', 'Routes'], ['audit', 'Changes']];

// Where there is little room the page is long.
function Jumps() {
  return html`<nav class="jumps" aria-label="Sections">${SECTIONS.map(([id, title]) => html`<a key=${id} href="#${id}">${title}</a>`)}</nav>`;
}

// Whether what the page shows is of now.
function Live() {
  return store.connected
    ? html`<span class="live"><span aria-hidden="true">●</span> live</span>`
    : html`<span class="live broken"><span aria-hidden="true">✖</span> not live</span>`;
}

function App() {
  const [, draw] = useReducer((drawn) => drawn + 1, 0);
  const now = store.now();
  useEffect(() => {
    store.listen(draw);
    const timer = setInterval(draw, 1_000); // ages grow also when nothing comes
    return () => clearInterval(timer);
  }, []);
  const text = store.look?.status.verdict;
  useEffect(() => {
    document.title = `${!store.connected ? '? ' : text?.ok ? '' : '✖ '}Freshet`;
  });
  return html`
    <header class="top">
      <span><h1 class="name">Freshet</h1> <span class="quiet version">${store.look?.version ?? ''}</span> ${!store.needsToken && html`<${Live} />`}</span>
      <a href="/runbook">Runbook</a>
    </header>
    ${store.look !== null && !store.needsToken && html`<${Jumps} />`}
    <main>
      ${store.needsToken ? html`<${Token} />` : html`<${Verdict} store=${store} />`}
      <${Notices} />
      ${store.look !== null && !store.needsToken && html`<${Panels} now=${now} />`}
    </main>`;
}

render(html`<${App} />`, document.body);
store.follow();
