package dev.freshet.sync.apply;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.inference.DeltaPlan;
import dev.freshet.sync.inference.DeltaPlan.Contribution;
import dev.freshet.sync.inference.DeltaPlan.Kind;
import dev.freshet.sync.inference.DeltaPlan.State;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.TypedColumns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The states of a model's groups, in a table beside the model's own, and what a batch takes away
 * from them and adds to them.
 */
final class GroupStates {

  /** Contributions that are held until they are merged; any number may be, in turn. */
  private static final int MOST_HELD = 20_000;

  private static final Set<String> NO_NUMBERS = Set.of("NaN", "Infinity", "-Infinity");

  private final DeltaPlan plan;
  private final ModelTable model;

  /** As the driver wants it with values. */
  private final String stateSelect;

  /** The plan's, as the driver wants them with values. */
  private final Map<String, String> outputs = new LinkedHashMap<>();

  private final String table;
  private final List<List<@Nullable String>> held = new ArrayList<>();

  /** Rows of another table that changed ones are joined to, from before the change on. */
  private final Map<TableName, List<List<@Nullable String>>> reached = new HashMap<>();

  private boolean writes = true;

  /** Counts the changes that were followed in this batch, each of one table. */
  private int step;

  private @Nullable Statements statements;

  /** What follows from the table's columns. */
  private record Statements(
      TypedColumns key, String lost, String lostWithNulls, String merge, String mergeWithNulls) {}

  /**
   * Keeps states.
   *
   * @param table the states' table, quoted
   */
  GroupStates(DeltaPlan plan, ModelTable model, String table) {
    this.plan = plan;
    this.model = model;
    this.table = table;
    this.stateSelect = SqlTokens.forValues(plan.stateSelect());
    plan.outputs().forEach((column, sql) -> outputs.put(column, SqlTokens.forValues(sql)));
  }

  /**
   * Starts a batch.
   *
   * @param writes whether to write the model's table; otherwise all groups are handed on, to be
   *     recomputed
   */
  void begin(boolean writes) {
    this.writes = writes;
    held.clear();
    reached.clear();
    step = 0;
  }

  /** Whether changes of a table are followed by what they contribute. */
  boolean follows(TableName changed) {
    return plan.ways().containsKey(changed);
  }

  /** Before the changes: what the rows contribute that they touch. */
  void takeAway(
      Sql sql,
      Map<TableName, Mirror> mirrors,
      Mirror changed,
      TableChanges changes,
      TouchedUnits touched) {
    step++;
    Contribution way = way(changed);
    if (way.isOfItself()) {
      contribute(sql, way, changed, changed.bind(changes.keys()), -1, touched);
      return;
    }
    Set<List<@Nullable String>> keys =
        new LinkedHashSet<>(
            sql.query(way.reach(changed.selectByKeys()), changed.bind(changes.keys())));
    List<@Nullable String[]> rows = changed.newRows(sql, changes);
    if (rows.getFirst().length > 0) {
      keys.addAll(sql.query(way.reach(changed.selectNewRows()), rows));
    }
    reached.put(changed.table().name(), List.copyOf(keys));
    contribute(sql, way, mirror(mirrors, way), arrays(mirrors, changed, way), -1, touched);
  }

  /** After the changes: what those rows contribute now. */
  void add(
      Sql sql,
      Map<TableName, Mirror> mirrors,
      Mirror changed,
      TableChanges changes,
      TouchedUnits touched) {
    Contribution way = way(changed);
    if (way.isOfItself()) {
      contribute(sql, way, changed, changed.bind(changes.keys()), 1, touched);
    } else {
      contribute(sql, way, mirror(mirrors, way), arrays(mirrors, changed, way), 1, touched);
    }
  }

  private Contribution way(Mirror changed) {
    return Objects.requireNonNull(plan.ways().get(changed.table().name()));
  }

  private static Mirror mirror(Map<TableName, Mirror> mirrors, Contribution way) {
    return Objects.requireNonNull(mirrors.get(way.table()), () -> way.table().toString());
  }

  private List<@Nullable String[]> arrays(
      Map<TableName, Mirror> mirrors, Mirror changed, Contribution way) {
    return mirror(mirrors, way).bind(Objects.requireNonNull(reached.get(changed.table().name())));
  }

  private void contribute(
      Sql sql,
      Contribution way,
      Mirror restricted,
      List<@Nullable String[]> keys,
      int sign,
      TouchedUnits touched) {
    if (keys.getFirst().length == 0) {
      return;
    }
    sql.queryInChunks(
        way.sql(restricted.selectByKeys()),
        keys,
        rows -> {
          for (List<@Nullable String> row : rows) {
            hold(sql, row, sign, touched);
          }
          if (held.size() > MOST_HELD) {
            merge(sql, touched);
          }
        });
  }

  private void hold(Sql sql, List<@Nullable String> row, int sign, TouchedUnits touched) {
    if (row.stream().anyMatch(value -> value != null && NO_NUMBERS.contains(value))) {
      touched.add(sql, List.of(group(row)));
    }
    row.add(Integer.toString(sign));
    row.add(Integer.toString(step));
    held.add(row);
  }

  private List<@Nullable String> group(List<@Nullable String> row) {
    return new ArrayList<>(row.subList(0, plan.key().size()));
  }

  /**
   * Merges what is held into the states, and into the model's table what follows from them. Groups
   * whose extreme went are handed on, to be recomputed.
   */
  void merge(Sql sql, TouchedUnits touched) {
    if (held.isEmpty()) {
      return;
    }
    Statements how = statements(sql);
    List<@Nullable String[]> arrays = TypedColumns.arrays(held.getFirst().size(), held);
    Set<List<@Nullable String>> keys = new LinkedHashSet<>();
    for (List<@Nullable String> row : held) {
      keys.add(group(row));
    }
    held.clear();
    boolean nulls = keys.stream().anyMatch(key -> key.contains(null));
    if (!how.lost().isEmpty()) {
      touched.add(sql, sql.query(nulls ? how.lostWithNulls() : how.lost(), arrays));
    }
    sql.update(nulls ? how.mergeWithNulls() : how.merge(), arrays);
    if (writes) {
      show(sql, how.key(), how.key().arrays(keys), nulls);
    } else {
      touched.add(sql, keys);
    }
  }

  /** Brings the model's rows of these groups into line with their states. */
  private void show(Sql sql, TypedColumns key, List<@Nullable String[]> keys, boolean nulls) {
    String states = DeltaPlan.STATES;
    if (plan.insertable()) {
      model.remove(
          sql,
          """
          with gone as (
            delete from %s %s using (%s) k where %s and %s.%s = 0 returning %s.*)
          delete from %s t using gone where %s
          """
              .formatted(
                  table,
                  states,
                  key.rows(),
                  key.same(states, "k", nulls),
                  states,
                  DeltaPlan.ROWS,
                  states,
                  model.name(),
                  key.same("t", "gone", nulls)),
          keys);
      model.put(
          sql,
          """
          insert into %s as t (%s, %s) select %s, %s from %s %s join (%s) k on %s
          on conflict (%s) do update set %s
          """
              .formatted(
                  model.name(),
                  key.list(),
                  outputs((column, expression) -> TableName.quoted(column)),
                  plan.key().stream()
                      .map(column -> states + "." + TableName.quoted(column))
                      .collect(Collectors.joining(", ")),
                  outputs((column, expression) -> expression),
                  table,
                  states,
                  key.rows(),
                  key.same(states, "k", nulls),
                  key.list(),
                  outputs(
                      (column, expression) ->
                          "%1$s = excluded.%1$s".formatted(TableName.quoted(column)))),
          keys);
    } else {
      model.put(
          sql,
          "update %s t set %s from %s %s join (%s) k on %s where %s"
              .formatted(
                  model.name(),
                  outputs((column, expression) -> TableName.quoted(column) + " = " + expression),
                  table,
                  states,
                  key.rows(),
                  key.same(states, "k", nulls),
                  key.same("t", states, nulls)),
          keys);
    }
  }

  private interface Output {
    String sql(String column, String expression);
  }

  private String outputs(Output output) {
    return outputs.entrySet().stream()
        .map(e -> output.sql(e.getKey(), e.getValue()))
        .collect(Collectors.joining(", "));
  }

  /** Recomputes the states of these groups. */
  void recompute(Sql sql, List<List<@Nullable String>> groups) {
    TypedColumns key = statements(sql).key();
    boolean nulls = groups.stream().anyMatch(group -> group.contains(null));
    List<@Nullable String[]> arrays = key.arrays(groups);
    sql.update(
        "delete from %s t using (%s) k where %s"
            .formatted(table, key.rows(), key.same("t", "k", nulls)),
        arrays);
    sql.update(
        "insert into %s %s"
            .formatted(
                table,
                key.columns().size() == 1 && !nulls
                    ? key.anyOf(stateSelect)
                    : key.eachOf(stateSelect, nulls)),
        arrays);
  }

  void recomputeAll(Sql sql) {
    sql.run("delete from " + table);
    sql.run("insert into %s %s".formatted(table, plan.stateSelect()));
  }

  private Statements statements(Sql sql) {
    Statements known = statements;
    if (known == null) {
      List<List<@Nullable String>> columns = sql.columnsOf(table);
      List<String> types = columns.stream().map(c -> String.valueOf(c.getLast())).toList();
      TypedColumns key = new TypedColumns(plan.key(), types.subList(0, plan.key().size()));
      known =
          new Statements(
              key,
              lost(key, types, false),
              lost(key, types, true),
              merge(key, types, false),
              merge(key, types, true));
      statements = known;
    }
    return known;
  }

  /** What is held, typed; binds one array a column, then sign and step. */
  private String typed(List<String> types) {
    List<String> columns = new ArrayList<>(plan.key());
    columns.add(DeltaPlan.ROWS);
    plan.states().forEach(state -> columns.add(state.column()));
    return new TypedColumns(columns, types).and("sign", "int").and("step", "int").rows();
  }

  /** What is held, group by group. */
  private String summed(TypedColumns key, List<String> types) {
    StringBuilder sums =
        new StringBuilder(", sum(sign * %1$s)::bigint as %1$s".formatted(DeltaPlan.ROWS));
    for (int i = 0; i < plan.states().size(); i++) {
      State state = plan.states().get(i);
      sums.append(
          switch (state.kind()) {
            case SUM ->
                ", sum(sign * coalesce(%1$s, 0))::%2$s as %1$s"
                    .formatted(state.column(), types.get(key.columns().size() + 1 + i));
            case MIN -> ", min(%1$s) filter (where sign > 0) as %1$s".formatted(state.column());
            case MAX -> ", max(%1$s) filter (where sign > 0) as %1$s".formatted(state.column());
          });
    }
    return "select %1$s%2$s from (%3$s) typed group by %1$s"
        .formatted(key.list(), sums, typed(types));
  }

  /**
   * The groups that lose an extreme and are not given a better one later on, or one that looks the
   * same; empty without extremes.
   */
  private String lost(TypedColumns key, List<String> types, boolean nulls) {
    String conditions =
        plan.states().stream()
            .filter(state -> state.kind() != Kind.SUM)
            .map(
                state ->
                    """
                    (g.%1$s is not null and (s.%1$s is null or g.%1$s %2$s s.%1$s)
                      and not exists (select from held a where %3$s and a.sign > 0
                        and a.step >= g.step and (a.%1$s %4$s g.%1$s or row(a.%1$s)::record *= row(g.%1$s)::record)))"""
                        .formatted(
                            state.column(),
                            state.kind() == Kind.MIN ? "<=" : ">=",
                            key.same("a", "g", nulls),
                            state.kind() == Kind.MIN ? "<" : ">"))
            .collect(Collectors.joining(" or "));
    return conditions.isEmpty()
        ? ""
        : "with held as materialized (%s) select distinct %s from held g left join %s s on %s where g.sign < 0 and (%s)"
            .formatted(
                typed(types),
                key.columns().stream()
                    .map(c -> "g." + TableName.quoted(c) + "::text")
                    .collect(Collectors.joining(", ")),
                table,
                key.same("s", "g", nulls),
                conditions);
  }

  private String merge(TypedColumns key, List<String> types, boolean nulls) {
    if (plan.insertable()) {
      String columns =
          Stream.concat(
                  Stream.of(key.list(), DeltaPlan.ROWS), plan.states().stream().map(State::column))
              .collect(Collectors.joining(", "));
      return "insert into %s as s (%s) select %s from (%s) d on conflict (%s) do update set %s"
          .formatted(table, columns, columns, summed(key, types), key.list(), merged("excluded"));
    }
    return "update %s s set %s from (%s) x where %s"
        .formatted(table, merged("x"), summed(key, types), key.same("s", "x", nulls));
  }

  /** Assignments that merge a group's sums, under this alias, into its state. */
  private String merged(String sums) {
    StringBuilder sets =
        new StringBuilder("%1$s = s.%1$s + %2$s.%1$s".formatted(DeltaPlan.ROWS, sums));
    for (State state : plan.states()) {
      String merged =
          switch (state.kind()) {
            case SUM -> ", %1$s = coalesce(s.%1$s, 0) + %2$s.%1$s";
            case MIN -> ", %1$s = least(s.%1$s, %2$s.%1$s)";
            case MAX -> ", %1$s = greatest(s.%1$s, %2$s.%1$s)";
          };
      sets.append(merged.formatted(state.column(), sums));
    }
    return sets.toString();
  }
}
