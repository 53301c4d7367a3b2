// The routes in force, what came before, and where a request would go.
import { html, useEffect, useState } from './vendor/htm/standalone.module.js';
import { get, post } from './api.js';
import { seconds, time } from './format.js';
import { Asking, Panel, Table } from './ui.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'HEAD', 'OPTIONS'];

function Explained({ told }) {
  const columns = [
    { title: 'Instance', of: (row) => row.instance },
    { title: 'Kind', of: (row) => row.kind },
    { title: 'Lag', number: true, of: (row) => seconds(row.lagSeconds) },
    { title: 'Why', of: (row) => row.reason ?? `not: ${row.excluded}` },
  ];
  return html`
    <div class="explained" role="status">
      ${told.refused && html`<p><b>Refused with ${told.refused.status} ${told.refused.code}.</b> ${told.refused.detail}</p>`}
      <dl class="figures">
        <div><dt>Route</dt><dd>${told.route ?? 'none'}</dd></div>
        ${told.intent && html`<div><dt>Intent</dt><dd>${told.intent}, because ${told.decidedBy}</dd></div>`}
        ${told.consistency && html`<div><dt>Level</dt><dd>${told.consistency}</dd></div>`}
        ${'chosen' in told && html`<div><dt>Goes to</dt><dd><b>${told.chosen ?? 'nobody'}</b></dd></div>`}
      </dl>
      ${told.candidates && html`<${Table} caption="Candidates" columns=${columns} rows=${told.candidates.map((row) => ({ ...row, key: row.instance }))} empty="" />`}
    </div>`;
}

function Explain({ store }) {
  const [told, setTold] = useState(null);
  const ask = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const headers = {};
    for (const line of form.get('headers').split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
    }
    try {
      setTold(await post('/api/explain', { method: form.get('method'), path: form.get('path'), headers }));
    } catch (failure) {
      setTold(null);
      store.notice(failure.message, true);
    }
  };
  return html`
    <h3>Explain</h3>
    <form class="explain" onSubmit=${ask}>
      <label>Method <select name="method">${METHODS.map((method) => html`<option key=${method} value=${method}>${method}</option>`)}</select></label>
      <label class="grow">Path <input name="path" required placeholder="/orders?limit=1" autocomplete="off" spellcheck=${false} /></label>
      <label class="grow">Headers <textarea name="headers" rows="1" placeholder="Freshet-Consistency: strong" spellcheck=${false}></textarea></label>
      <button type="submit">Where would it go?</button>
    </form>
    ${told && html`<${Explained} told=${told} />`}`;
}

export function Routes({ store }) {
  const { generation } = store.look.status;
  const [routes, setRoutes] = useState(null);
  const refused = store.look.status.verdict.problems.find(({ code }) => code === 'routes-refused')?.text;
  useEffect(() => {
    if (store.connected) {
      get('/api/routes').then(setRoutes, () => {});
    }
  }, [generation, refused, store.connected]);
  if (routes === null) {
    return html`<${Panel} id="routes" title="Routes"><p class="quiet">Asking for them.</p><//>`;
  }
  const rollBack = () => store.act(() => post('/api/routes/rollback'), (edition) => `Generation ${edition.generation} is in force.`);
  return html`
    <${Panel} id="routes" title="Routes" aside=${html`<span>generation <b>${routes.generation}</b>, ${routes.cause} at ${time(routes.loaded)}${routes.pinned ? ', pinned until the file changes' : ''}</span>`}>
      ${routes.refused && html`<p class="bad"><b>The file is not what is in force:</b> ${routes.refused.errors.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`).join('; ')}</p>`}
      <${Explain} store=${store} />
      <details><summary>The file</summary><pre tabindex="0">${routes.text}</pre></details>
      ${routes.history.length > 0 && html`
        <details><summary>What came before</summary>
          <ul>${[routes, ...routes.history].map((edition) => html`<li key=${edition.generation}>generation ${edition.generation}, ${edition.cause} at ${time(edition.loaded)}: ${edition.changes.join('; ') || 'the first'}</li>`)}</ul>
          <${Asking} label="Roll back" question="Go back to what was in force before?" yes="Yes, roll back" act=${rollBack} />
        </details>`}
    <//>`;
}
