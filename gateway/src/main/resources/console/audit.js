// Who changed what.
import { html, useEffect, useState } from './vendor/htm/standalone.module.js';
import { get } from './api.js';
import { time } from './format.js';
import { Panel, Table } from './ui.js';

export function Audit({ store }) {
  const [changes, setChanges] = useState([]);
  const newest = store.notices[0]?.key;
  useEffect(() => {
    const ask = () => get('/api/audit').then(setChanges, () => {});
    ask();
    const timer = setInterval(ask, 10_000);
    return () => clearInterval(timer);
  }, [newest]);
  const columns = [
    { title: 'At', of: (row) => time(row.at) },
    { title: 'Change', of: (row) => html`<code>${row.path}</code>` },
    { title: 'At the sync of', of: (row) => row.readDatabase ?? '' },
    { title: 'By', of: (row) => row.by },
    { title: 'Outcome', of: (row) => row.outcome },
  ];
  return html`
    <${Panel} id="audit" title="Changes">
      <${Table} caption="Changes that operators made" columns=${columns} rows=${changes.map((row) => ({ ...row, key: row.at + row.path + row.requestId }))} empty="Nobody has changed anything since the gateway started." />
    <//>`;
}
