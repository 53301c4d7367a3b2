// The flow as a picture: across where there is room for every label between the nodes, downwards where there is not.
import { html, useEffect, useRef, useState } from './vendor/htm/standalone.module.js';
import { bytes, rate, seconds } from './format.js';
import { fitting } from './measure.js';
import { HEALTHS, Panel, sign } from './ui.js';

const COLUMN = { gateway: 0, backend: 1, primary: 2, slot: 3, sync: 4, replica: 5, 'read-database': 5, search: 5 };
// A log stands between what the primary holds back and the syncs.
const COLUMN_WITH_LOG = { ...COLUMN, publisher: 3, log: 4, sync: 5, replica: 6, 'read-database': 6, search: 6 };
const has = (flow, kind) => flow.nodes.some((node) => node.kind === kind);
function columnsOf(flow) {
  const columns = has(flow, 'log') ? COLUMN_WITH_LOG : COLUMN;
  const copies = columns['read-database'];
  return has(flow, 'follower') ? { ...columns, follower: copies + 1, search: copies + 2 } : columns;
}
const last = (columns) => columns.search;
const COPIES = ['replica', 'read-database', 'search'];
const NODE = { width: 150, narrowest: 116, height: 46 };
const gapAtLeast = (columns) => (last(columns) > 5 ? 68 : 84); // a label stands there, and an arrow's head
const BUS = 22; // right of the copies, where reads come in
const ROW = 74;
const BELOW = 30; // labels below the last row
const LINE = 15;
const WIDEST = 1500;

const FONT = { name: '650 13px', says: '11.5px', label: '12px', trouble: '650 12px' };

const isRead = (edge) => edge.unit === 'reads';

// Nodes in the order in which changes reach them.
function ordered(flow) {
  const below = (id) => flow.edges.filter((edge) => edge.from === id && !isRead(edge)).map((edge) => edge.to);
  const order = [];
  const visit = (id, depth) => {
    if (order.some((placed) => placed.node.id === id)) return;
    const node = flow.nodes.find((candidate) => candidate.id === id);
    if (node) {
      order.push({ node, depth });
      below(id).filter((next) => next !== 'primary').forEach((next) => visit(next, depth + 1));
    }
  };
  visit('gateway', 0);
  visit('primary', 2);
  flow.nodes.forEach((node) => visit(node.id, 1));
  return order;
}

// How wide nodes may be; null where they would be too narrow for what they say.
function nodeWidth(width, columns) {
  const room = (width - 2 - BUS - last(columns) * gapAtLeast(columns)) / (last(columns) + 1);
  return room < NODE.narrowest ? null : Math.min(NODE.width, Math.floor(room));
}

function across(flow, width, wide, columns) {
  const gap = (width - 2 - BUS - (last(columns) + 1) * wide) / last(columns);
  const lanes = flow.nodes.filter((node) => COPIES.includes(node.kind));
  const places = new Map();
  const rows = Math.max(lanes.length, flow.nodes.filter((node) => node.kind === 'backend').length, 1);
  const y = (row, of) => 12 + ((row + 0.5) * rows / of - 0.5) * ROW;
  const put = (nodes, of = nodes.length) =>
    nodes.forEach((node, row) => places.set(node.id, { x: 1 + columns[node.kind] * (wide + gap), y: y(row, of), width: wide }));
  put(flow.nodes.filter((node) => node.kind === 'gateway'));
  put(flow.nodes.filter((node) => node.kind === 'backend'));
  put(flow.nodes.filter((node) => node.kind === 'primary'));
  put(lanes, Math.max(lanes.length, 1));
  // What leads to read databases stands in their lanes, or in the middle of them.
  const laneOf = (id) => {
    const found = flow.edges.filter((edge) => edge.from === id).map((edge) => places.get(edge.to)?.y).filter((at) => at !== undefined);
    return found.length === 0 ? undefined : found.reduce((sum, at) => sum + at, 0) / found.length;
  };
  let spare = rows;
  for (const kind of ['follower', 'sync', 'log', 'publisher', 'slot']) {
    for (const node of flow.nodes.filter((candidate) => candidate.kind === kind)) {
      places.set(node.id, { x: 1 + columns[kind] * (wide + gap), y: laneOf(node.id) ?? 12 + spare++ * ROW, width: wide });
    }
  }
  const bus = Math.max(...[...places.values()].map((place) => place.y)) + NODE.height + BELOW + 14;
  return {
    places,
    height: bus + 8,
    path: (from, to) => {
      const x1 = from.x + from.width;
      const y1 = from.y + NODE.height / 2;
      const y2 = to.y + NODE.height / 2;
      const bend = x1 + 10;
      return { d: `M${x1} ${y1} C${bend} ${y1} ${bend - 8} ${y2} ${bend + 8} ${y2} H${to.x - 7}`, x: to.x - 11, y: y2, anchor: 'end', room: gap - 16 };
    },
    // Reads go round below, and come to the copies from behind: between the nodes changes flow.
    reads: (from, to) => ({
      // Below what goes on from there to followers.
      d: `M${from.x + from.width / 2} ${from.y + NODE.height} V${bus} H${width - 6} V${to.y + NODE.height / 2 + (has(flow, 'follower') ? 12 : 0)} H${to.x + to.width + 7}`,
      x: from.x + from.width / 2 + 8,
      y: bus - 6,
    }),
  };
}

function downwards(flow, width) {
  const places = new Map();
  ordered(flow).forEach(({ node, depth }, row) => {
    const x = 10 + depth * 16;
    places.set(node.id, { x, y: 6 + row * 82, width: Math.min(220, width - x - 8) });
  });
  const height = places.size * 82 - 20;
  return {
    places,
    height,
    path: (from, to) => {
      const x1 = from.x + 8;
      const y2 = to.y + NODE.height / 2;
      return { d: `M${x1} ${from.y + NODE.height} V${y2} H${to.x - 7}`, x: to.x + 14, y: to.y - 12, anchor: 'start', room: width - to.x - 18 };
    },
    reads: (from, to) => ({ d: `M${from.x} ${from.y + NODE.height / 2} H3 V${to.y + NODE.height - 9} H${to.x - 7}` }),
  };
}

function lag(edge) {
  const parts = [];
  if (edge.lagSeconds !== null) parts.push(seconds(edge.lagSeconds));
  if (edge.lagBytes !== null) parts.push(bytes(edge.lagBytes));
  return parts;
}

const passing = (edge) => (edge.perSecond === null ? '' : rate(edge.perSecond, edge.unit) + (edge.unit === 'bytes' ? '' : ` ${edge.unit}`));

// What stands beside an edge: below each other across, in one line downwards.
function labels(edge, { x, y, anchor, room }) {
  const [glyph, word] = sign(edge.health);
  const trouble = edge.health === 'fine' ? '' : `${glyph} ${word}`;
  const font = trouble === '' ? FONT.label : FONT.trouble;
  if (edge.to === 'primary') {
    return []; // what passes there has been told on the way to the backend
  }
  if (anchor === 'start') {
    return [{ x, y, text: fitting([passing(edge), ...lag(edge), trouble].filter((part) => part !== '').join(' · '), font, room) }];
  }
  const below = [...lag(edge), trouble].filter((part) => part !== '');
  return [
    { x, y: y - 7, text: fitting(rate(edge.perSecond, edge.unit), font, room) },
    ...below.map((text, line) => ({ x, y: y + 15 + line * LINE, text: fitting(text, font, room) })),
  ];
}

function Edge({ edge, layout }) {
  const from = layout.places.get(edge.from);
  const to = layout.places.get(edge.to);
  if (!from || !to) return null;
  const { health } = edge;
  const path = layout.path(from, to);
  return html`
    <g class="edge ${health}" data-from=${edge.from} data-to=${edge.to} data-health=${health}>
      <path d=${path.d} marker-end="url(#arrow-${health})" />
      ${labels(edge, path).map(({ x, y, text }) => text && html`<text x=${x} y=${y} text-anchor=${path.anchor}>${text}</text>`)}
    </g>`;
}

// Reads on their way to copies; how many is told in the copy's node, and of all of them once.
function Reads({ flow, layout }) {
  const edges = flow.edges.filter((edge) => isRead(edge) && layout.places.has(edge.from) && layout.places.has(edge.to));
  if (edges.length === 0) return null;
  const paths = edges.map((edge) => ({ edge, ...layout.reads(layout.places.get(edge.from), layout.places.get(edge.to)) }));
  const known = edges.filter((edge) => edge.perSecond !== null);
  const [{ x, y }] = paths;
  return html`
    ${paths.map(({ edge, d }) => html`
      <g key=${edge.to} class="reads ${edge.health}" data-from=${edge.from} data-to=${edge.to} data-health=${edge.health}>
        <path d=${d} marker-end="url(#arrow-reads-${edge.health})" />
      </g>`)}
    ${x !== undefined && html`<text class="of-reads" x=${x} y=${y}>reads ${known.length === 0 ? 'unknown' : rate(known.reduce((sum, edge) => sum + edge.perSecond, 0))}</text>`}`;
}

function Node({ node, place }) {
  const { health } = node;
  const [glyph, word] = sign(health);
  const lower = node.says !== '' ? node.says : node.readsPerSecond !== null ? `reads ${rate(node.readsPerSecond)}` : node.kind.replace('-', ' ');
  const room = place.width - 12;
  return html`
    <g class="node ${health}" data-node=${node.id} data-health=${health} transform="translate(${place.x} ${place.y})">
      <title>${node.name}: ${word}${node.says === '' ? '' : `, ${node.says}`}</title>
      <rect width=${place.width} height=${NODE.height} rx="7" />
      <text class="name" x="9" y="19"><tspan class="glyph">${glyph}</tspan> ${fitting(node.name, FONT.name, room - 17)}</text>
      <text class="says" x="9" y="36">${fitting(lower, FONT.says, room)}</text>
    </g>`;
}

function inWords(flow) {
  const name = (id) => flow.nodes.find((node) => node.id === id)?.name ?? id;
  return flow.edges.map((edge) => {
    const parts = [passing(edge), ...lag(edge)].filter((part) => part !== '');
    return `${name(edge.from)} to ${name(edge.to)}: ${sign(edge.health)[1]}${parts.length === 0 ? '' : `, ${parts.join(', ')}`}`;
  });
}

export function FlowPanel({ flow }) {
  const frame = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(frame.current?.clientWidth ?? 0));
    observer.observe(frame.current);
    setWidth(frame.current.clientWidth);
    return () => observer.disconnect();
  }, []);
  const room = Math.min(width, WIDEST);
  const columns = columnsOf(flow);
  const wide = nodeWidth(room, columns);
  const layout = wide === null ? downwards(flow, width) : across(flow, room, wide, columns);
  return html`
    <${Panel} id="flow" title="Flow">
      <div class="flow" ref=${frame}>
        ${width > 0 && html`
          <svg width=${room} height=${layout.height} aria-hidden="true">
            <defs>
              ${['', 'reads-'].flatMap((of) => HEALTHS.map((health) => html`
                <marker id="arrow-${of}${health}" class="arrow ${of.replace('-', '')} ${health}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                  <path d="M0 0 L8 4 L0 8 Z" />
                </marker>`))}
            </defs>
            <${Reads} flow=${flow} layout=${layout} />
            ${flow.edges.filter((edge) => !isRead(edge)).map((edge) => html`<${Edge} key="${edge.from} ${edge.to}" edge=${edge} layout=${layout} />`)}
            ${flow.nodes.map((node) => layout.places.has(node.id) && html`<${Node} key=${node.id} node=${node} place=${layout.places.get(node.id)} />`)}
          </svg>`}
        <ul class="unseen">${inWords(flow).map((line) => html`<li key=${line}>${line}</li>`)}</ul>
      </div>
    <//>`;
}
