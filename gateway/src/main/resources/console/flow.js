// The flow as a picture: across where there is room, downwards where there is not.
import { html, useEffect, useRef, useState } from './vendor/htm/standalone.module.js';
import { bytes, rate, seconds } from './format.js';
import { HEALTHS, Panel, sign } from './ui.js';

const COLUMN = { gateway: 0, backend: 1, primary: 2, slot: 3, sync: 4, replica: 5, 'read-database': 5 };
const WIDE = 1000;
const NODE = { width: 134, height: 46 };

// Nodes in the order in which changes reach them.
function ordered(flow) {
  const below = (id) => flow.edges.filter((edge) => edge.from === id).map((edge) => edge.to);
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

function across(flow, width) {
  const gap = (width - 6 * NODE.width - 2) / 5;
  const lanes = flow.nodes.filter((node) => COLUMN[node.kind] === 5);
  const places = new Map();
  const rows = Math.max(lanes.length, flow.nodes.filter((node) => node.kind === 'backend').length, 1);
  const y = (row, of) => 12 + ((row + 0.5) * rows / of - 0.5) * 74;
  const put = (nodes, of = nodes.length) =>
    nodes.forEach((node, row) => places.set(node.id, { x: 1 + COLUMN[node.kind] * (NODE.width + gap), y: y(row, of), width: NODE.width }));
  put(flow.nodes.filter((node) => node.kind === 'gateway'));
  put(flow.nodes.filter((node) => node.kind === 'backend'));
  put(flow.nodes.filter((node) => node.kind === 'primary'));
  put(lanes, Math.max(lanes.length, 1));
  // Slot and sync stand in the lane of the read database that they lead to.
  const laneOf = (id) => flow.edges.filter((edge) => edge.from === id).map((edge) => places.get(edge.to)?.y).find((found) => found !== undefined);
  let spare = rows;
  for (const kind of ['sync', 'slot']) {
    for (const node of flow.nodes.filter((candidate) => candidate.kind === kind)) {
      places.set(node.id, { x: 1 + COLUMN[kind] * (NODE.width + gap), y: laneOf(node.id) ?? 12 + spare++ * 74, width: NODE.width });
    }
  }
  const height = Math.max(...[...places.values()].map((place) => place.y)) + NODE.height + 14;
  return { places, height, path: (from, to) => {
    const x1 = from.x + from.width;
    const y1 = from.y + NODE.height / 2;
    const y2 = to.y + NODE.height / 2;
    const bend = x1 + Math.min(26, (to.x - x1) / 3);
    return { d: `M${x1} ${y1} C${bend} ${y1} ${bend - 10} ${y2} ${bend + 12} ${y2} H${to.x - 7}`, x: to.x - 11, y: y2, anchor: 'end' };
  } };
}

function downwards(flow, width) {
  const places = new Map();
  ordered(flow).forEach(({ node, depth }, row) => {
    const x = 8 + depth * 16;
    places.set(node.id, { x, y: 6 + row * 82, width: Math.min(220, width - x - 8) });
  });
  const height = places.size * 82 - 20;
  return { places, height, path: (from, to) => {
    const x1 = from.x + 8;
    const y2 = to.y + NODE.height / 2;
    return { d: `M${x1} ${from.y + NODE.height} V${y2} H${to.x - 7}`, x: to.x + 6, y: to.y - 12, anchor: 'start' };
  } };
}

function lag(edge) {
  const parts = [];
  if (edge.lagSeconds !== null) parts.push(seconds(edge.lagSeconds));
  if (edge.lagBytes !== null) parts.push(bytes(edge.lagBytes));
  return parts.join(' · ');
}

const told = (edge) => [edge.perSecond === null ? '' : rate(edge.perSecond, edge.unit) + (edge.unit === 'bytes' ? '' : ` ${edge.unit}`), lag(edge)];

function Edge({ edge, layout }) {
  const from = layout.places.get(edge.from);
  const to = layout.places.get(edge.to);
  if (!from || !to) return null;
  const { health } = edge;
  const { d, x, y, anchor } = layout.path(from, to);
  const [glyph, word] = sign(health);
  const [first, second] = told(edge);
  const trouble = health === 'fine' ? '' : `${glyph} ${word}`;
  const upper = rate(edge.perSecond, edge.unit);
  const lines = anchor === 'end'
    ? edge.to === 'primary'
      ? [] // what passes there has been told on the way to the backend
      : [[y - 7, upper], [y + 15, second], [y + 29, trouble]]
    : [[y, [first, second, trouble].filter((part) => part !== '').join(' · ')]];
  return html`
    <g class="edge ${health}" data-from=${edge.from} data-to=${edge.to} data-health=${health}>
      <path d=${d} marker-end="url(#arrow-${health})" />
      ${lines.map(([at, text]) => text && html`<text x=${x} y=${at} text-anchor=${anchor}>${text}</text>`)}
    </g>`;
}

function Node({ node, place }) {
  const { health } = node;
  const [glyph, word] = sign(health);
  const lower = node.says !== '' ? node.says : node.readsPerSecond !== null ? `reads ${rate(node.readsPerSecond)}` : node.kind.replace('-', ' ');
  const short = (text, letterWidth) => {
    const fits = Math.floor((place.width - 18) / letterWidth);
    return text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
  };
  return html`
    <g class="node ${health}" data-node=${node.id} data-health=${health} transform="translate(${place.x} ${place.y})">
      <title>${node.name}: ${word}${node.says === '' ? '' : `, ${node.says}`}</title>
      <rect width=${place.width} height=${NODE.height} rx="7" />
      <text class="name" x="9" y="19"><tspan class="glyph">${glyph}</tspan> ${short(node.name, 7.4)}</text>
      <text class="says" x="9" y="36">${short(lower, 6.2)}</text>
    </g>`;
}

function inWords(flow) {
  const name = (id) => flow.nodes.find((node) => node.id === id)?.name ?? id;
  return flow.edges.map((edge) => {
    const parts = told(edge).filter((part) => part !== '');
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
  const layout = width >= WIDE ? across(flow, Math.min(width, 1500)) : downwards(flow, width);
  return html`
    <${Panel} id="flow" title="Flow">
      <div class="flow" ref=${frame}>
        ${width > 0 && html`
          <svg width=${Math.min(width, 1500)} height=${layout.height} aria-hidden="true">
            <defs>
              ${HEALTHS.map((health) => html`
                <marker id="arrow-${health}" class="arrow ${health}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                  <path d="M0 0 L8 4 L0 8 Z" />
                </marker>`)}
            </defs>
            ${flow.edges.map((edge) => html`<${Edge} key="${edge.from} ${edge.to}" edge=${edge} layout=${layout} />`)}
            ${flow.nodes.map((node) => layout.places.has(node.id) && html`<${Node} key=${node.id} node=${node} place=${layout.places.get(node.id)} />`)}
          </svg>`}
        <ul class="unseen">${inWords(flow).map((line) => html`<li key=${line}>${line}</li>`)}</ul>
      </div>
    <//>`;
}
