// The first thing to be read: do clients see fresh data, and if not, what is to be done.
import { html } from './vendor/htm/standalone.module.js';
import { whole } from './format.js';
import { breakable } from './ui.js';

function Problem({ problem }) {
  return html`
    <li>
      <b>${breakable(problem.text)}</b> ${problem.remedy}
      ${' '}<a href=${problem.runbook}>Runbook<span class="unseen"> on ${problem.code}</span></a>
    </li>`;
}

export function Verdict({ store }) {
  const verdict = store.look?.status.verdict;
  if (!store.connected) {
    const since = store.lastNews === null ? '' : ` The last news came ${whole((Date.now() - store.lastNews) / 1000)} ago; all below is as it was then.`;
    return html`
      <section class="verdict unknown" data-verdict="unknown">
        <p class="sentence" role="status"><span class="glyph" aria-hidden="true">?</span> Unknown. ${store.trouble}</p>
        ${store.look !== null && html`<p>Connecting again.${since}</p>`}
      </section>`;
  }
  const kind = verdict.ok ? 'fine' : 'stuck';
  return html`
    <section class="verdict ${kind}" data-verdict=${verdict.ok ? 'ok' : 'bad'}>
      <p class="sentence" role="status" aria-live="polite">
        <span class="glyph" aria-hidden="true">${verdict.ok ? '●' : '✖'}</span> ${breakable(verdict.text)}
      </p>
      ${verdict.problems.length > 0 && html`<ul class="problems">${verdict.problems.map((problem) => html`<${Problem} key=${problem.code + problem.text} problem=${problem} />`)}</ul>`}
    </section>`;
}
