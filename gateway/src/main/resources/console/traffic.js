// Where reads were answered and why, and how writes ended.
import { html } from './vendor/htm/standalone.module.js';
import { rate, seconds } from './format.js';
import { Panel, Table } from './ui.js';

// What has not happened for so long is not shown any more.
const GONE_MS = 60_000;
const happened = new Map(); // key -> when it last did, or was first seen

function recent(rows) {
  const now = Date.now();
  return rows.filter((row) => {
    if (row.perSecond > 0 || !happened.has(row.key)) happened.set(row.key, now);
    return now - happened.get(row.key) < GONE_MS;
  });
}

const took = ({ p50Seconds, p99Seconds }) => (p50Seconds == null ? '–' : `${seconds(p50Seconds)}, 99 % within ${seconds(p99Seconds)}`);

function Share({ part, whole }) {
  const percent = whole > 0 ? (100 * part) / whole : 0;
  return html`<span class="share"><meter min="0" max="100" value=${percent} aria-label="share">${Math.round(percent)} %</meter> ${whole > 0 ? `${percent < 1 && percent > 0 ? '<1' : Math.round(percent)} %` : '–'}</span>`;
}

export function Reads({ store }) {
  const { reads, answeredBy, waits, staleness, fallbacks, refusedTokens, windowSeconds } = store.look.traffic;
  const all = answeredBy.reduce((sum, one) => sum + one.perSecond, 0);
  const columns = [
    { title: 'Answered by', of: (row) => row.kind },
    { title: 'Because', of: (row) => row.reason },
    { title: 'Reads', number: true, of: (row) => rate(row.perSecond) },
    { title: 'Share', of: (row) => html`<${Share} part=${row.perSecond} whole=${all} />` },
  ];
  const counted = (list) => (list === null ? 'unknown' : list.length === 0 ? 'none' : list.map(({ reason, perSecond }) => `${reason} ${rate(perSecond)}`).join(', '));
  return html`
    <${Panel} id="reads" title="Reads" aside=${html`<span class="quiet">of the last ${windowSeconds} seconds</span>`}>
      <dl class="figures">
        <div><dt>Reads</dt><dd>${rate(reads.perSecond)}</dd></div>
        <div><dt>They took</dt><dd>${took(reads)}</dd></div>
        <div><dt>Waited for a copy</dt><dd>${rate(waits.perSecond)}${waits.p50Seconds == null ? '' : `: ${took(waits)}`}</dd></div>
        <div><dt>Staleness of answers</dt><dd>${took(staleness)}</dd></div>
        <div><dt>Fallbacks</dt><dd>${counted(fallbacks)}</dd></div>
        <div><dt>Refused tokens</dt><dd>${counted(refusedTokens)}</dd></div>
      </dl>
      <${Table} caption="Where reads were answered" columns=${columns} rows=${recent(answeredBy.map((row) => ({ ...row, key: `${row.kind} ${row.reason}` })))} empty="No read was answered lately." />
    <//>`;
}

export function Writes({ store }) {
  const { writes, commands, silent, windowSeconds } = store.look.traffic;
  const columns = [
    { title: 'Command', of: (row) => row.command },
    { title: 'Outcome', of: (row) => row.outcome },
    { title: 'At', of: (row) => row.instance },
    { title: 'How often', number: true, of: (row) => rate(row.perSecond) },
    { title: 'Median', number: true, of: (row) => (row.p50Seconds == null ? '–' : seconds(row.p50Seconds)) },
    { title: '99 % within', number: true, of: (row) => (row.p99Seconds == null ? '–' : seconds(row.p99Seconds)) },
  ];
  return html`
    <${Panel} id="writes" title="Writes" aside=${html`<span class="quiet">of the last ${windowSeconds} seconds</span>`}>
      <dl class="figures">
        <div><dt>Writes</dt><dd>${rate(writes.perSecond)}</dd></div>
        <div><dt>They took</dt><dd>${took(writes)}</dd></div>
        ${silent.length > 0 && html`<div><dt>Commands unknown</dt><dd>${silent.join(', ')} did not answer</dd></div>`}
      </dl>
      <${Table} caption="Commands" columns=${columns} rows=${recent(commands.map((row) => ({ ...row, key: `${row.instance} ${row.command} ${row.outcome}` })))} empty=${commands.length === 0 ? 'No write-backend reports commands.' : 'No command was run lately.'} />
    <//>`;
}
