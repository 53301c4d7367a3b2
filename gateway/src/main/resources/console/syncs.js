// Publishers and cdc-syncs: slot, position, dead letters; and the read models that they keep.
import { html, useEffect, useState } from './vendor/htm/standalone.module.js';
import { get, post } from './api.js';
import { bytes, count, rate, seconds, time } from './format.js';
import { Asking, Health, Panel, Table } from './ui.js';

const HEALTH = { streaming: 'fine', standby: 'fine', paused: 'stuck', stuck: 'stuck', snapshot: 'behind', starting: 'behind', unreachable: 'down', refused: 'down', retrying: 'down' };
const STORE_HEALTH = { following: 'fine', starting: 'behind', retrying: 'down', silent: 'down' };
const MODEL_HEALTH = { live: 'fine', building: 'behind', stopped: 'stuck', faulty: 'stuck' };

const at = (of) => `/api/syncs/${encodeURIComponent(of)}`;

function Progress({ progress }) {
  if (!progress) return null;
  const { what, rows, expectedRows, secondsLeft } = progress;
  const label = `${what}: ${count(rows)}${expectedRows === null ? ' rows' : ` of about ${count(expectedRows)} rows`}${secondsLeft === null ? '' : `, ${seconds(secondsLeft)} left`}`;
  return html`<p class="progress"><progress aria-label=${what} max=${expectedRows ?? undefined} value=${expectedRows === null ? undefined : Math.min(rows, expectedRows)}></progress> ${label}</p>`;
}

function DeadLetters({ store, sync }) {
  const [letters, setLetters] = useState(null);
  const of = sync.readDatabase;
  const load = () => get(`${at(of)}/dead-letters`).then(setLetters, () => setLetters(null));
  useEffect(() => {
    if (sync.deadLetters > 0) {
      load(); // they can be asked for while changes are applied, and only then are they counted
    }
  }, [of, sync.deadLetters]);
  if (!sync.deadLetters || letters === null) return null;
  const settle = (row, how) => () =>
    store.act(() => post(`${at(of)}/dead-letters/${row.id}/${how}`), `Dead letter ${row.id} is settled.`).then(load);
  const columns = [
    { title: 'Dead letter', of: (row) => row.id },
    { title: 'Of', of: (row) => (row.model ? `model ${row.model}` : row.table) },
    { title: 'Key', of: (row) => html`<code>${row.keys.map((value) => value ?? 'null').join(', ')}</code>` },
    { title: 'Row', of: (row) => html`<code>${row.row ? row.row.join(', ') : '–'}</code>` },
    { title: 'Error', of: (row) => row.error },
    { title: 'At', of: (row) => html`<code>${row.position}</code>` },
    {
      title: 'Settle',
      of: (row) => html`
        <button type="button" onClick=${settle(row, 'retry')}>Retry<span class="unseen"> ${row.id}</span></button>
        ${' '}<${Asking} label=${html`Discard<span class="unseen"> ${row.id}</span>`} question="Discard ${row.id}? What it holds is lost to the read database." yes="Yes, discard" act=${settle(row, 'discard')} />`,
    },
  ];
  return html`<${Table} caption="Dead letters of ${of}" columns=${columns} rows=${letters.map((row) => ({ ...row, key: row.id, keys: row.key }))} empty="" />`;
}

function Figure({ name, children }) {
  return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
}

// What the primary holds back for whoever reads its log by a slot.
function Slot({ of }) {
  return html`
    <${Figure} name="Slot holds back">${bytes(of.slotRetainedBytes)}<//>
    <${Figure} name="Slot is safe for">${of.slotSafeBytes == null ? (of.slotRetainedBytes == null ? 'unknown' : 'as long as the disk lasts') : `${bytes(of.slotSafeBytes)}, ${of.slotSafeSeconds == null ? 'and nothing is written' : seconds(of.slotSafeSeconds)}`}<//>`;
}

function Publisher({ publisher }) {
  return html`
    <div class="sync">
      <h3>Publisher of ${publisher.log ?? publisher.url} <${Health} health=${HEALTH[publisher.state]} text=${publisher.state} /></h3>
      ${publisher.reason && html`<p>${publisher.reason}</p>`}
      <dl class="figures">
        <${Figure} name="Lag">${seconds(publisher.lagSeconds)}, ${bytes(publisher.lagBytes)}<//>
        <${Figure} name="Position"><code class="position">${publisher.position ?? 'unknown'}</code><//>
        <${Slot} of=${publisher} />
        <${Figure} name="Log reaches back">${seconds(publisher.oldestSeconds)}<//>
      </dl>
    </div>`;
}

function Sync({ store, sync }) {
  const of = sync.readDatabase;
  const isPaused = sync.state === 'paused';
  const set = (to) => () => store.act(() => post(`${at(of)}/sync/${to}`), to === 'pause' ? `The sync of ${of} is paused.` : `The sync of ${of} goes on.`);
  return html`
    <div class="sync">
      <h3>${of ?? sync.url} <${Health} health=${HEALTH[sync.state]} text=${sync.state} /></h3>
      ${sync.reason && html`<p>${sync.reason}</p>`}
      <dl class="figures">
        <${Figure} name="Lag">${seconds(sync.lagSeconds)}, ${bytes(sync.lagBytes)}<//>
        <${Figure} name="Position"><code class="position">${sync.position ?? 'unknown'}</code><//>
        ${sync.log ? html`<${Figure} name="Follows">${sync.log}<//>` : html`<${Slot} of=${sync} />`}
        <${Figure} name="Commit to readable">${sync.readableP50Seconds == null ? 'unknown' : `${seconds(sync.readableP50Seconds)}, 99 % within ${seconds(sync.readableP99Seconds)}`}<//>
        <${Figure} name="Dead letters">${count(sync.deadLetters)}<//>
      </dl>
      <${Progress} progress=${sync.progress} />
      ${of && html`<p><${Asking}
        label=${html`${isPaused ? 'Resume' : 'Pause'}<span class="unseen"> the sync of ${of}</span>`}
        question=${isPaused ? null : `Pause the sync of ${of}? ${sync.log ? 'Its log is kept for a while.' : 'The primary keeps its log meanwhile.'}`}
        yes="Yes, pause" act=${set(isPaused ? 'resume' : 'pause')} /></p>`}
      ${of && html`<${DeadLetters} store=${store} sync=${sync} />`}
    </div>`;
}

// A search store that follows a read database, as its follower tells.
function Follower({ follower }) {
  const missing = follower.models?.filter((model) => model.state !== 'served') ?? [];
  return html`
    <div class="sync">
      <h3>Store ${follower.store} <${Health} health=${STORE_HEALTH[follower.state]} text=${follower.state ?? 'unknown'} /></h3>
      ${follower.reason && html`<p>${follower.reason}</p>`}
      <dl class="figures">
        <${Figure} name="Lag">${seconds(follower.lagSeconds)}<//>
        <${Figure} name="Position"><code class="position">${follower.position ?? 'unknown'}</code><//>
        <${Figure} name="Follows">${follower.readDatabase}<//>
        <${Figure} name="Rows that wait">${count(follower.pendingKeys)}<//>
      </dl>
      ${missing.map((model) => html`<p key=${model.model}>Model ${model.model} is ${model.state}. ${model.reason}</p>`)}
    </div>`;
}

export function Syncs({ store }) {
  const { sync, publish = [], stores = [] } = store.look.status;
  return html`
    <${Panel} id="syncs" title="Syncs">
      ${sync.length === 0 && html`<p class="quiet">The routes name no sync; name it in routes.yaml (sync).</p>`}
      ${publish.map((one, index) => html`<${Publisher} key=${`${one.log ?? one.url} ${index}`} publisher=${one} />`)}
      ${sync.map((one, index) => html`<${Sync} key=${`${one.readDatabase ?? one.url} ${index}`} store=${store} sync=${one} />`)}
      ${stores.map((one) => html`<${Follower} key=${`${one.readDatabase} ${one.store}`} follower=${one} />`)}
    <//>`;
}

export function Models({ store }) {
  const { models } = store.look.status;
  const [verifying, setVerifying] = useState(null);
  const [verified, setVerified] = useState({});
  const rebuild = (row) => () => store.act(() => post(`${at(row.readDatabase)}/models/${encodeURIComponent(row.name)}/rebuild`), `Model ${row.name} is rebuilt; the old table serves meanwhile.`);
  const verify = async (row) => {
    setVerifying(row.key);
    const found = await store.act(
      () => post(`${at(row.readDatabase)}/models/${encodeURIComponent(row.name)}/verify`),
      ({ rows, missing, extra, different }) => (missing + extra + different === 0 ? `${row.name}: all ${count(rows)} rows are right.` : `${row.name}: ${missing} missing, ${extra} extra, ${different} different of ${count(rows)} rows. Rebuild it.`),
    );
    setVerifying(null);
    if (found !== null) {
      setVerified((before) => ({ ...before, [row.key]: { ...found, at: new Date().toISOString() } }));
    }
  };
  const columns = [
    { title: 'Model', of: (row) => row.name },
    { title: 'In', of: (row) => row.readDatabase },
    { title: 'State', of: (row) => html`<${Health} health=${MODEL_HEALTH[row.state]} text=${row.state} />` },
    { title: 'Rows', number: true, of: (row) => count(row.rows) },
    { title: 'Freshness', number: true, of: (row) => seconds(row.freshnessSeconds) },
    { title: 'Kept', of: (row) => row.kept || '–' },
    { title: 'Why', of: (row) => row.reason || '–' },
    {
      title: 'Verified',
      of: (row) => {
        const found = verified[row.key];
        return found ? `${found.missing + found.extra + found.different === 0 ? 'right' : 'differs'} at ${time(found.at)}` : '–';
      },
    },
    {
      title: 'Do',
      of: (row) => html`
        <button type="button" disabled=${verifying !== null} onClick=${() => verify(row)}>${verifying === row.key ? 'Verifying…' : 'Verify'}<span class="unseen"> ${row.name}</span></button>
        ${' '}<${Asking} label=${html`Rebuild<span class="unseen"> ${row.name}</span>`} question="Rebuild ${row.name}?" yes="Yes, rebuild" act=${rebuild(row)} />`,
    },
  ];
  return html`
    <${Panel} id="models" title="Read models">
      <${Table} caption="Read models" columns=${columns} rows=${models.map((row) => ({ ...row, key: `${row.readDatabase} ${row.name}` }))} empty="No sync reports read models." />
    <//>`;
}
