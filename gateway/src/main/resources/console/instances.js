// Instances: how each is, and in or out of use.
import { html } from './vendor/htm/standalone.module.js';
import { post } from './api.js';
import { ago, bytes, rate, seconds } from './format.js';
import { Asking, Health, Panel, Table } from './ui.js';

const HEALTH = {
  ready: 'fine',
  'slow-start': 'fine',
  suspect: 'behind',
  stuck: 'stuck',
  ejected: 'stuck',
  draining: 'out',
  drained: 'out',
  starting: 'unknown',
  'not-ready': 'down',
  down: 'down',
};

export function Instances({ store, now }) {
  const { status, traffic } = store.look;
  const rates = new Map(traffic.byInstance.map((one) => [one.instance, one]));
  // Before the second look nothing is known of rates; after it, who is not named had none.
  const counted = (row, figure) => (traffic.reads.perSecond === null ? null : rates.get(row.id)?.[figure] ?? 0);
  const isOut = (row) => row.state === 'draining' || row.state === 'drained';
  const set = (row, to) => () =>
    store.act(
      () => post(`/api/instances/${encodeURIComponent(row.id)}/${to}`),
      to === 'drain' ? `${row.id} is drained: what it has goes on to its end.` : `${row.id} gets requests again.`,
    );
  const columns = [
    { title: 'Instance', of: (row) => row.id },
    { title: 'Kind', of: (row) => row.kind },
    { title: 'State', of: (row) => html`<${Health} health=${HEALTH[row.state]} text=${row.state} />` },
    { title: 'Since', of: (row) => ago(row.since, now) },
    { title: 'Why', of: (row) => (row.replayPaused ? 'replay is paused' : row.reason || '–') },
    { title: 'Position', of: (row) => html`<code class="position">${row.position ?? 'unknown'}</code>` },
    { title: 'Lag', number: true, of: (row) => seconds(row.lagSeconds) },
    { title: 'Behind', number: true, of: (row) => bytes(row.lagBytes) },
    { title: 'In flight', number: true, of: (row) => (row.limit === null ? row.inFlight : `${row.inFlight} of ${row.limit}`) },
    { title: 'Requests', number: true, of: (row) => rate(counted(row, 'perSecond')) },
    { title: 'Errors', number: true, of: (row) => rate(counted(row, 'failedPerSecond')) },
    { title: '99 % within', number: true, of: (row) => (rates.get(row.id)?.p99Seconds == null ? '–' : seconds(rates.get(row.id).p99Seconds)) },
    {
      title: 'Use',
      of: (row) => html`<${Asking}
        label=${html`${isOut(row) ? 'Ready' : 'Drain'}<span class="unseen"> ${row.id}</span>`}
        question=${isOut(row) ? null : `Drain ${row.id}?`} yes="Yes, drain"
        act=${set(row, isOut(row) ? 'ready' : 'drain')} />`,
    },
  ];
  return html`
    <${Panel} id="instances" title="Instances">
      <${Table} caption="Instances" columns=${columns} rows=${status.instances.map((row) => ({ ...row, key: row.id }))} empty="No routes are in force yet." />
    <//>`;
}
