// Lags by the second, for a quarter of an hour. A second that nobody told of is a gap.
const KEPT_SECONDS = 900;

export const keyOf = (kind, name) => `${kind} ${name}`;

export class Lags {
  #series = new Map(); // key -> { kind, name, values: Map of second -> lag }
  #last = 0;

  merge(told) {
    const first = told.endEpochSeconds - (told.series[0]?.values.length ?? 0) * told.stepSeconds + told.stepSeconds;
    for (const { kind, name, values } of told.series) {
      const known = this.#of(kind, name).values;
      values.forEach((value, index) => {
        const second = first + index * told.stepSeconds;
        if (value !== null) {
          known.set(second, value);
        }
      });
    }
    this.#last = Math.max(this.#last, told.endEpochSeconds);
    this.#forget();
  }

  add(look) {
    const second = Math.floor(Date.parse(look.at) / 1000);
    for (const { kind, name, seconds } of look.lags) {
      const { values } = this.#of(kind, name);
      // Looks are a second apart, a little more or less: one that is skipped is no gap.
      if (!values.has(second - 1) && values.has(second - 2)) {
        values.set(second - 1, seconds);
      }
      values.set(second, seconds);
    }
    this.#last = Math.max(this.#last, second);
    this.#forget();
  }

  #of(kind, name) {
    const key = keyOf(kind, name);
    if (!this.#series.has(key)) {
      this.#series.set(key, { kind, name, values: new Map() });
    }
    return this.#series.get(key);
  }

  #forget() {
    for (const [key, { values }] of this.#series) {
      for (const second of values.keys()) {
        if (second <= this.#last - KEPT_SECONDS) {
          values.delete(second);
        }
      }
      if (values.size === 0) {
        this.#series.delete(key);
      }
    }
  }

  // The figures of some kinds, each with its last value and its second.
  of(kinds) {
    return [...this.#series.values()]
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ kind, name, values }) => {
        const second = Math.max(...values.keys());
        return { kind, name, second, value: values.get(second) };
      })
      .sort((one, other) => keyOf(one.kind, one.name).localeCompare(keyOf(other.kind, other.name)));
  }

  // As uPlot wants it: seconds, then for each figure a value for each second, null for a gap.
  columns(figures, until) {
    const times = Array.from({ length: KEPT_SECONDS }, (_, index) => until - KEPT_SECONDS + 1 + index);
    return [
      times,
      ...figures.map(({ kind, name }) => {
        const values = this.#series.get(keyOf(kind, name))?.values ?? new Map();
        return times.map((second) => values.get(second) ?? null);
      }),
    ];
  }
}

// Models whose every value is their sync's are one figure, named after that.
export function folded(models, syncs) {
  const isSame = (one, other) => one.every((value, index) => value === null || value === other[index]);
  const groups = new Map(); // sync -> models
  const rest = [];
  models.figures.forEach((figure, index) => {
    const values = models.columns[index + 1];
    const sync = syncs.figures.findIndex((_, other) => isSame(values, syncs.columns[other + 1]));
    if (sync < 0) {
      rest.push({ figure, values });
    } else {
      groups.set(sync, [...(groups.get(sync) ?? []), { figure, values }]);
    }
  });
  const lines = [];
  for (const [sync, group] of groups) {
    if (group.length === 1) {
      rest.push(...group);
    } else {
      const names = group.length <= 4 ? group.map(({ figure }) => figure.name).join(', ') : `${group.length} models`;
      const { name, value, second } = syncs.figures[sync];
      lines.push({ figure: { kind: 'as-sync', name: `${names}: as the sync of ${name}`, value, second }, values: syncs.columns[sync + 1] });
    }
  }
  const all = [...lines, ...rest];
  return { figures: all.map(({ figure }) => figure), columns: [models.columns[0], ...all.map(({ values }) => values)] };
}
