package dev.freshet.sync.apply;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.inference.ModelPlan.AffectedKeys;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.TypedColumns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A table that is kept equal to a model's SELECT over the mirror.
 *
 * <p>A batch goes through {@link #begin}, {@link #touch} before and after each mirror's changes,
 * and {@link #finish}: the units that the changes touch are recomputed.
 */
final class MaintainedModel {

  private final ModelPlan plan;
  private final ModelTable table;
  private final TouchedUnits touched;
  private final @Nullable GroupStates groups;
  private final boolean byDelta;

  /** Whether rows that are refused are looked for. */
  private boolean isCareful;

  /** Null until it was needed: it follows from the table, which must be there. */
  private @Nullable Recomputation recomputation;

  /** The same of all rows. */
  private ModelTable.@Nullable Replacement whole;

  /**
   * How rows are recomputed.
   *
   * @param plain for units without nulls
   * @param ofNulls for units with a null among their values
   */
  private record Recomputation(TypedColumns unit, LookUp plain, LookUp ofNulls) {}

  /**
   * Keeps a table.
   *
   * @param table its qualified name, quoted
   * @param states the qualified name, quoted, of the table with its groups' states
   * @param byDelta whether to follow changes by what they contribute, where the plan allows
   */
  MaintainedModel(ModelPlan plan, String table, String states, boolean byDelta) {
    this.plan = plan;
    this.table = new ModelTable(name(), table, plan.model().key());
    this.touched = new TouchedUnits(table, plan.unit().size());
    this.groups =
        plan.deltas().map(deltas -> new GroupStates(deltas, this.table, states)).orElse(null);
    this.byDelta = byDelta;
  }

  ReadModel model() {
    return plan.model();
  }

  String select() {
    return plan.select();
  }

  String name() {
    return plan.model().name();
  }

  Set<TableName> tables() {
    return plan.tables();
  }

  boolean reads(TableName name) {
    return plan.tables().contains(name);
  }

  /**
   * Starts a batch.
   *
   * @param byStates whether rows that follow from their group's state are written by it; otherwise
   *     they are among what {@link #touched} says, and recomputed
   * @param changed notes what changes in the rows; null when nobody wants to know
   */
  void begin(Sql sql, boolean byStates, @Nullable ChangedRows changed) {
    touched.clear(sql);
    table.noteIn(changed);
    if (groups != null) {
      groups.begin(byStates);
    }
  }

  /**
   * Has each way looked for, for no rows.
   *
   * @throws SyncRefused when the read database does not understand one
   */
  void tryWays(Sql sql, Map<TableName, Mirror> mirrors) {
    Stream.concat(plan.ways().stream(), plan.signals().stream())
        .forEach(
            way -> {
              Mirror mirror = Objects.requireNonNull(mirrors.get(way.table()));
              try {
                sql.query(way.sql(mirror.selectByKeys()), mirror.bind(List.of()));
              } catch (ApplyFailed e) {
                throw e.isByContent() ? noWay(way.table(), e) : e;
              }
            });
  }

  private SyncRefused noWay(TableName from, ApplyFailed why) {
    return new SyncRefused(
        "Model %s: its rows that a change of %s touches can't be asked for: %s. Fix the line of that table under affects, or write one."
            .formatted(name(), from, String.valueOf(why.getMessage()).replace('\n', ' ')),
        why);
  }

  /** Where a mirror is on its way through a batch. */
  enum Moment {
    BEFORE,
    AFTER
  }

  /** Notes what these changes touch, by the mirrors as they are now. */
  void touch(
      Sql sql, Map<TableName, Mirror> mirrors, Mirror mirror, TableChanges changes, Moment moment) {
    TableName changed = mirror.table().name();
    if (touched.isAll()) {
      return;
    }
    if (changes.truncated() || isSignalled(sql, mirror, changes)) {
      touched.addAll();
      return;
    }
    if (byDelta && groups != null && groups.follows(changed)) {
      switch (moment) {
        case BEFORE -> groups.takeAway(sql, mirrors, mirror, changes, touched);
        case AFTER -> groups.add(sql, mirrors, mirror, changes, touched);
      }
      return;
    }
    for (AffectedKeys way : plan.ways()) {
      if (way.table().equals(changed) && !changes.keys().isEmpty()) {
        sql.queryInChunks(
            way.sql(mirror.selectByKeys()),
            mirror.bind(changes.keys()),
            units -> touched.add(sql, units));
      }
    }
  }

  /** Whether the changes mean that everything is recomputed. */
  private boolean isSignalled(Sql sql, Mirror mirror, TableChanges changes) {
    for (AffectedKeys signal : plan.signals()) {
      boolean isOfTable = signal.table().equals(mirror.table().name());
      if (isOfTable && !changes.keys().isEmpty()) {
        String exists = "select 1 where exists (%s)".formatted(signal.sql(mirror.selectByKeys()));
        if (!sql.query(exists, mirror.bind(changes.keys())).isEmpty()) {
          return true;
        }
      }
    }
    return false;
  }

  TouchedUnits touched() {
    return touched;
  }

  /** Brings the table into line with what was touched. */
  void finish(Sql sql) {
    finish(sql, units -> recompute(sql, units));
  }

  /** The same for each unit that can be computed; the others are handed on. */
  void finishCarefully(Sql sql, BiConsumer<List<@Nullable String>, ApplyFailed> refused) {
    // Among all rows there may be one that is refused and that nothing touched.
    isCareful = true;
    try {
      finish(
          sql,
          units ->
              Bisection.<List<@Nullable String>>run(
                  sql, units, some -> recompute(sql, some), refused));
    } finally {
      isCareful = false;
    }
  }

  private void finish(Sql sql, Consumer<List<List<@Nullable String>>> recompute) {
    if (groups != null && !touched.isAll()) {
      groups.merge(sql, touched);
    }
    if (touched.isAll()) {
      recomputeAll(sql);
    } else if (!touched.isEmpty()) {
      touched.forEachChunk(sql, recompute);
    }
  }

  /** Removes the rows of a unit. */
  void remove(Sql sql, List<@Nullable String> unit) {
    TypedColumns keys = recomputation(sql).unit();
    table.remove(
        sql,
        "delete from %s t using (%s) k where %s"
            .formatted(table.name(), keys.rows(), keys.same("t", "k", true)),
        keys.arrays(List.of(unit)));
  }

  /** Recomputes these units. */
  void recompute(Sql sql, List<List<@Nullable String>> units) {
    Recomputation how = recomputation(sql);
    if (groups != null) {
      groups.recompute(sql, units);
    }
    List<List<@Nullable String>> withNulls = units.stream().filter(u -> u.contains(null)).toList();
    List<List<@Nullable String>> others =
        withNulls.isEmpty() ? units : units.stream().filter(u -> !u.contains(null)).toList();
    if (!others.isEmpty()) {
      replace(sql, how.plain(), how.unit(), others);
    }
    if (!withNulls.isEmpty()) {
      replace(sql, how.ofNulls(), how.unit(), withNulls);
    }
  }

  private void replace(
      Sql sql, LookUp lookUp, TypedColumns unit, List<List<@Nullable String>> units) {
    List<@Nullable String[]> arrays = unit.arrays(units);
    ModelTable.Replacement how =
        isCareful ? lookUp.oneByOne() : lookUp.cheaper(sql, units.size(), arrays);
    table.replace(sql, how, twice(arrays));
  }

  private static List<@Nullable String[]> twice(List<@Nullable String[]> arrays) {
    List<@Nullable String[]> twice = new ArrayList<>(arrays);
    twice.addAll(arrays);
    return twice;
  }

  /** Recomputes everything. */
  void recomputeAll(Sql sql) {
    if (groups != null) {
      groups.recomputeAll(sql);
    }
    ModelTable.Replacement known = whole;
    if (known == null) {
      known = wholly(table.shape(sql).columns());
      whole = known;
    }
    table.replace(sql, known, List.of());
  }

  /** Writes the rows that differ, and no others: most of a result stays as it is. */
  private ModelTable.Replacement wholly(List<String> columns) {
    TypedColumns key = new TypedColumns(plan.model().key(), plan.model().key());
    String list = columns.stream().map(TableName::quoted).collect(Collectors.joining(", "));
    return new ModelTable.Replacement(
        // Rows whose key comes twice are all put, so that PostgreSQL says so.
        "fresh as materialized (select q.*, count(*) over (partition by %s) as \"freshet same\" from (%s) q)"
            .formatted(key.list(), SqlTokens.forValues(plan.select())),
        "delete from %s t where %s".formatted(table.name(), none("fresh", "t", key, "")),
        "insert into %s as t (%s) select %s from fresh f where f.\"freshet same\" > 1 or (%s) %s"
            .formatted(
                table.name(),
                list,
                list,
                none(
                    table.name(),
                    "f",
                    key,
                    " and row(%s)::text = row(%s)::text"
                        .formatted(of("o", columns), of("f", columns))),
                onConflict(columns, key)));
  }

  private static String of(String alias, List<String> columns) {
    return columns.stream()
        .map(column -> alias + "." + TableName.quoted(column))
        .collect(Collectors.joining(", "));
  }

  /** That no row of a relation has the same key: by hashing, but for keys with nulls. */
  private String none(String relation, String of, TypedColumns key, String more) {
    String none = noneOf(relation, of, key, more);
    return plan.keyMayBeNull()
        ? "%s and (%s or not exists (select from %s o where not (%s) and %s%s))"
            .formatted(
                none, key.notNull(of), relation, key.notNull("o"), key.same("o", of, true), more)
        : none;
  }

  private static String noneOf(String relation, String of, TypedColumns key, String more) {
    return "not exists (select from %s o where %s%s)"
        .formatted(relation, key.same("o", of, false), more);
  }

  /** The key is written, too: equal values may look different, as 1.0 and 1.00 do. */
  private String onConflict(List<String> columns, TypedColumns key) {
    if (columns.isEmpty()) {
      return "on conflict (%s) do nothing".formatted(key.list());
    }
    String sets =
        columns.stream()
            .map(column -> "%1$s = excluded.%1$s".formatted(TableName.quoted(column)))
            .collect(Collectors.joining(", "));
    String where =
        plan.model().key().containsAll(columns)
            ? " where row(%s)::record *<> row(%s)::record"
                .formatted(of("t", columns), of("excluded", columns))
            : "";
    return "on conflict (%s) do update set %s%s".formatted(key.list(), sets, where);
  }

  private Recomputation recomputation(Sql sql) {
    Recomputation known = recomputation;
    if (known == null) {
      ModelShape shape = table.shape(sql);
      TypedColumns unit =
          new TypedColumns(
              plan.unit(), plan.unit().stream().map(column -> typeOf(shape, column)).toList());
      String select = SqlTokens.forValues(plan.select());
      List<String> columns = shape.columns();
      known =
          new Recomputation(
              unit,
              plan.oneByOne()
                  ? lookUp(columns, unit, select, false)
                  : LookUp.of(replacement(columns, unit, unit.anyOf(select), false)),
              lookUp(columns, unit, select, true));
      recomputation = known;
    }
    return known;
  }

  private LookUp lookUp(List<String> columns, TypedColumns unit, String select, boolean nulls) {
    return new LookUp(
        replacement(columns, unit, unit.eachOf(select, nulls), nulls),
        replacement(columns, unit, unit.amongAllOf(select, nulls), nulls));
  }

  private static String typeOf(ModelShape shape, String column) {
    int index = shape.columns().indexOf(column);
    if (index < 0) {
      throw new IllegalStateException("Model %s has no column %s".formatted(shape.model(), column));
    }
    return shape.types().get(index);
  }

  private ModelTable.Replacement replacement(
      List<String> columns, TypedColumns unit, String fresh, boolean nulls) {
    TypedColumns key = new TypedColumns(plan.model().key(), plan.model().key());
    boolean hasNoNulls = !nulls && unit.columns().containsAll(key.columns());
    return new ModelTable.Replacement(
        "fresh as materialized (%s)".formatted(fresh),
        "delete from %s t using (%s) k where %s and %s"
            .formatted(
                table.name(),
                unit.rows(),
                unit.same("t", "k", nulls),
                hasNoNulls ? noneOf("fresh", "t", key, "") : none("fresh", "t", key, "")),
        "insert into %s as t select * from fresh %s"
            .formatted(table.name(), onConflict(columns, key)));
  }
}
