// Lag over time: what is known, and gaps where nothing is.
import uPlot from './vendor/uplot/uPlot.esm.js';
import { html, useEffect, useRef, useState } from './vendor/htm/standalone.module.js';
import { get } from './api.js';
import { seconds, whole } from './format.js';
import { folded, keyOf } from './lags.js';
import { Panel } from './ui.js';

// Told apart by their dashes, too.
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const COLOURS = 8;

const CHARTS = [
  { id: 'copies', title: 'Copies', kinds: ['instance', 'sync'], empty: 'No copy tells its lag.' },
  { id: 'models', title: 'Read models', kinds: ['model'], empty: 'No model is live.' },
  {
    id: 'readable',
    title: 'Commit to readable',
    kinds: ['readable-p50', 'readable-p99'],
    empty: 'Nothing was applied within half a minute.',
  },
];

// The objective, and how lags are drawn: of both a hundredth of a second and an hour something is to be seen.
const LINEAR_SECONDS = 0.01;
const TICKS = [0, 0.01, 0.1, 1, 10, 60, 600, 3600, 21600, 86400];

const NAMES = {
  instance: (name) => name,
  sync: (name) => `sync of ${name}`,
  model: (name) => name,
  'as-sync': (name) => name,
  'readable-p50': (name) => `${name}, median`,
  'readable-p99': (name) => `${name}, 99th percentile`,
};

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (index) => style(`--line-${index % COLOURS}`);
const dash = (index) => DASHES[Math.floor(index / COLOURS + index) % DASHES.length];

// A line where the objective is, across whatever is drawn.
function drawObjective(objective) {
  return (plot) => {
    const y = Math.round(plot.valToPos(objective, 'y', true));
    const { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = style('--quiet');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(plot.bbox.left, y);
    ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
    ctx.stroke();
    ctx.restore();
  };
}

function options(title, figures, width, objective) {
  const axis = { stroke: style('--quiet'), grid: { stroke: style('--grid'), width: 1 }, ticks: { stroke: style('--grid'), width: 1 } };
  return {
    width,
    height: 190,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { distr: 4, asinh: LINEAR_SECONDS, range: (u, min, max) => [0, Math.max(objective * 2, (max ?? 0) * 1.3)] } },
    axes: [
      { ...axis, values: (u, ticks) => ticks.map((tick) => new Date(tick * 1000).toTimeString().slice(0, tick % 60 === 0 ? 5 : 8)) },
      { ...axis, size: 62, splits: (u, index, min, max) => TICKS.filter((tick) => tick <= max), values: (u, ticks) => ticks.map((tick) => (tick === null ? '' : tick === 0 ? '0' : seconds(tick))) },
    ],
    hooks: { draw: [drawObjective(objective)] },
    series: [
      {},
      ...figures.map(({ kind, name }, index) => ({
        label: NAMES[kind](name),
        stroke: colour(index),
        dash: dash(index),
        width: 2,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  };
}

function Plot({ title, figures, columns, objective }) {
  const place = useRef(null);
  const plot = useRef(null);
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches;
  const shape = `${scheme} ${objective} ${figures.map(({ kind, name }) => keyOf(kind, name)).join()}`;
  useEffect(() => {
    const element = place.current;
    plot.current = new uPlot(options(title, figures, element.clientWidth, objective), columns, element);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) {
        plot.current?.setSize({ width: element.clientWidth, height: 190 });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(columns));
  const now = figures.map(({ kind, name, value }) => `${NAMES[kind](name)} ${seconds(value)}`).join(', ');
  return html`<div class="plot" ref=${place} role="img" aria-label="${title}, lag over time. Last: ${now}. The objective is ${seconds(objective)}."></div>`;
}

function Swatch({ index }) {
  const pattern = dash(index).join(' ');
  return html`<svg class="swatch line-${index % COLOURS}" width="26" height="10" aria-hidden="true"><line x1="0" y1="5" x2="26" y2="5" stroke-width="3" stroke-dasharray=${pattern} /></svg>`;
}

function Chart({ chart, lags, now, current, age, objective }) {
  const { figures, columns } = lags(chart.kinds);
  return html`
    <div class="chart" id="chart-${chart.id}">
      <h3>${chart.title}</h3>
      ${figures.length === 0
        ? html`<p class="quiet">${chart.empty}</p>`
        : html`
            <${Plot} title=${chart.title} figures=${figures} columns=${columns} objective=${objective} />
            <ul class="legend">
              ${figures.map(({ kind, name, value, second }, index) => {
                const known = current(kind, name);
                return html`<li key=${keyOf(kind, name)}>
                  <${Swatch} index=${index} />
                  <span><span>${NAMES[kind](name)}</span> <b>${known === undefined ? 'unknown' : seconds(known)}</b> <span class="quiet">${known === undefined ? `${seconds(value)} was ${whole(Math.max(0, now - second))} ago` : `${age} s ago`}</span></span>
                </li>`;
              })}
              <li key="objective">
                <svg class="swatch objective" width="26" height="10" aria-hidden="true"><line x1="0" y1="5" x2="26" y2="5" stroke-width="1.5" stroke-dasharray="4 4" /></svg>
                <span class="quiet">objective: ${seconds(objective)}</span>
              </li>
            </ul>`}
    </div>`;
}

// What the gateway remembers of a longer time, as the page's own quarter of an hour has it.
function ofHistory(told, kinds) {
  const figures = told.series
    .filter(({ kind, values }) => kinds.includes(kind) && values.some((value) => value !== null))
    .map(({ kind, name, values }) => {
      const last = values.findLastIndex((value) => value !== null);
      return { kind, name, value: values[last], second: told.endEpochSeconds - (values.length - 1 - last) * told.stepSeconds, values };
    });
  const length = figures[0]?.values.length ?? 0;
  const times = Array.from({ length }, (_, index) => told.endEpochSeconds - (length - 1 - index) * told.stepSeconds);
  return { figures, columns: [times, ...figures.map(({ values }) => values)] };
}

export function Charts({ store, now }) {
  const [span, setSpan] = useState('15m');
  const [longer, setLonger] = useState(null);
  useEffect(() => {
    if (span === '15m') {
      setLonger(null);
      return undefined;
    }
    const ask = () => get(`/api/history?last=${span}`).then(setLonger, () => {});
    ask();
    const timer = setInterval(ask, 15_000);
    return () => clearInterval(timer);
  }, [span]);
  const second = Math.floor(now / 1000);
  const known = (kinds) => {
    if (longer !== null) {
      return ofHistory(longer, kinds);
    }
    const figures = store.lags.of(kinds);
    return { figures, columns: store.lags.columns(figures, second) };
  };
  // Models that are just as fresh as their sync is make one line.
  const lags = (kinds) => (kinds.includes('model') ? folded(known(['model']), known(['sync'])) : known(kinds));
  // What is told now; what is not is unknown, however lately it was.
  const current = (kind, name) =>
    store.connected ? store.look.lags.find((lag) => lag.kind === (kind === 'as-sync' ? 'sync' : kind) && (kind === 'as-sync' ? name.endsWith(`: as the sync of ${lag.name}`) : lag.name === name))?.seconds : undefined;
  const age = Math.max(0, Math.round((now - Date.parse(store.look.at)) / 1000));
  const aside = html`
    <label>Span
      <select value=${span} onChange=${(event) => setSpan(event.target.value)}>
        <option value="15m">15 minutes</option>
        <option value="1h">1 hour</option>
        <option value="6h">6 hours</option>
      </select>
    </label>`;
  return html`
    <${Panel} id="lag" title="Lag over time" aside=${aside}>
      <div class="charts">
        ${CHARTS.map((chart) => html`<${Chart} key=${chart.id} chart=${chart} lags=${lags} now=${second} current=${current} age=${age} objective=${store.look.freshSeconds ?? 1} />`)}
      </div>
    <//>`;
}
