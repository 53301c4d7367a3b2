package dev.freshet.sync.apply;

import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.inference.ModelPlan.AffectedKeys;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table that is kept equal to a model's SELECT over the mirror.
 *
 * <p>A batch goes through {@link #begin}, {@link #touch} before and after each mirror's changes,
 * and {@link #finish}: the units that the changes touch are computed anew.
 */
final class MaintainedModel {

  private final ModelPlan plan;
  private final String table;
  private final TouchedUnits touched;

  /** Null until it was needed: it follows from the table, which must be there. */
  private @Nullable Recomputation recomputation;

  /**
   * How rows are computed anew.
   *
   * @param sql for units without nulls
   * @param sqlForNulls for units with a null among their values
   */
  private record Recomputation(KeySet unit, String sql, String sqlForNulls) {}

  /**
   * Keeps a table.
   *
   * @param table its qualified name, quoted
   */
  MaintainedModel(ModelPlan plan, String table) {
    this.plan = plan;
    this.table = table;
    this.touched = new TouchedUnits(table, plan.unit().size());
  }

  ReadModel model() {
    return plan.model();
  }

  ModelPlan plan() {
    return plan;
  }

  String name() {
    return plan.model().name();
  }

  boolean reads(TableName name) {
    return plan.tables().contains(name);
  }

  /** Starts a batch. */
  void begin(Sql sql) {
    touched.clear(sql);
  }

  /** Notes the units that these changes touch, by the mirror as it is now. */
  void touch(Sql sql, Mirror mirror, TableChanges changes) {
    TableName changed = mirror.table().name();
    if (touched.isAll()) {
      return;
    }
    if (changes.truncated() || plan.whole().contains(changed)) {
      touched.addAll();
      return;
    }
    for (AffectedKeys way : plan.ways()) {
      if (way.table().equals(changed) && !changes.keys().isEmpty()) {
        touched.add(sql, sql.query(way.sql(mirror.selectByKeys()), mirror.bind(changes.keys())));
      }
    }
  }

  TouchedUnits touched() {
    return touched;
  }

  /** Computes what was touched anew. */
  void finish(Sql sql) {
    if (touched.isAll()) {
      recomputeAll(sql);
    } else if (!touched.isEmpty()) {
      touched.forEachChunk(sql, units -> recompute(sql, units));
    }
  }

  /** The same for each unit that lets itself be computed; the others are handed on. */
  void finishCarefully(Sql sql, BiConsumer<List<@Nullable String>, ApplyFailed> refused) {
    if (touched.isAll()) {
      recomputeAll(sql);
    } else if (!touched.isEmpty()) {
      touched.forEachChunk(
          sql,
          units ->
              Bisection.<List<@Nullable String>>run(
                  sql, units, some -> recompute(sql, some), refused));
    }
  }

  /** Removes the rows of a unit. */
  void remove(Sql sql, List<@Nullable String> unit) {
    KeySet keys = recomputation(sql).unit();
    sql.update(
        "delete from %s t using (%s) k where %s"
            .formatted(table, keys.rows(), keys.same("t", "k", true)),
        keys.arrays(List.of(unit)));
  }

  /** Computes these units anew. */
  void recompute(Sql sql, List<List<@Nullable String>> units) {
    Recomputation how = recomputation(sql);
    List<List<@Nullable String>> withNulls = units.stream().filter(u -> u.contains(null)).toList();
    List<List<@Nullable String>> others =
        withNulls.isEmpty() ? units : units.stream().filter(u -> !u.contains(null)).toList();
    if (!others.isEmpty()) {
      sql.update(how.sql(), twice(how.unit().arrays(others)));
    }
    if (!withNulls.isEmpty()) {
      sql.update(how.sqlForNulls(), twice(how.unit().arrays(withNulls)));
    }
  }

  private static List<@Nullable String[]> twice(List<@Nullable String[]> arrays) {
    List<@Nullable String[]> twice = new ArrayList<>(arrays);
    twice.addAll(arrays);
    return twice;
  }

  private void recomputeAll(Sql sql) {
    // Not TRUNCATE: readers with an older snapshot would see an empty table.
    sql.run("delete from " + table);
    sql.run("insert into %s %s".formatted(table, plan.select()));
  }

  private Recomputation recomputation(Sql sql) {
    Recomputation known = recomputation;
    if (known == null) {
      Map<String, String> types = columnTypes(sql);
      KeySet unit =
          new KeySet(
              plan.unit(),
              plan.unit().stream()
                  .map(column -> Objects.requireNonNull(types.get(column), column))
                  .toList());
      String fresh =
          plan.oneByOne()
              ? oneByOne(unit, false)
              : "select * from (%s) q where %s".formatted(plan.select(), unit.anyOf("q"));
      known =
          new Recomputation(
              unit,
              recomputeSql(types.keySet(), unit, fresh, false),
              recomputeSql(types.keySet(), unit, oneByOne(unit, true), true));
      recomputation = known;
    }
    return known;
  }

  /** OFFSET 0 keeps the subquery one, into which PostgreSQL then passes the single value on. */
  private String oneByOne(KeySet unit, boolean nulls) {
    return "select r.* from (%s) k cross join lateral (select * from (%s) q where %s offset 0) r"
        .formatted(unit.rows(), plan.select(), unit.same("q", "k", nulls));
  }

  private String recomputeSql(Set<String> columns, KeySet unit, String fresh, boolean nulls) {
    KeySet key = new KeySet(plan.model().key(), plan.model().key());
    String sets =
        columns.stream()
            .filter(column -> !plan.model().key().contains(column))
            .map(column -> "%1$s = excluded.%1$s".formatted(TableName.quoted(column)))
            .collect(Collectors.joining(", "));
    return """
        with fresh as materialized (%s),
        gone as (
          delete from %s t using (%s) k
          where %s and not exists (select from fresh f where %s))
        insert into %s select * from fresh on conflict (%s) do %s
        """
        .formatted(
            fresh,
            table,
            unit.rows(),
            unit.same("t", "k", nulls),
            key.same("f", "t", nulls),
            table,
            key.list(),
            sets.isEmpty() ? "nothing" : "update set " + sets);
  }

  /** The table's columns in order, each with its type. */
  private Map<String, String> columnTypes(Sql sql) {
    Map<String, String> types = new LinkedHashMap<>();
    for (List<@Nullable String> column :
        sql.query(
            """
            select attname, format_type(atttypid, atttypmod) from pg_attribute
            where attrelid = '%s'::regclass and attnum > 0 and not attisdropped
            order by attnum
            """
                .formatted(table.replace("'", "''")),
            List.of())) {
      types.put(
          Objects.requireNonNull(column.getFirst()), Objects.requireNonNull(column.getLast()));
    }
    return types;
  }
}
