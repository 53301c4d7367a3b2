package dev.freshet.sync.apply;

import dev.freshet.protocol.ModelComment;
import dev.freshet.sync.model.AffectedKeys;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SelectAnalysis;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A read model's table in the read database, kept equal to its SELECT over the mirror by computing
 * anew the rows whose keys a change touches.
 */
final class MaintainedModel {

  /** Keys computed anew by one statement; bounds the arrays that are bound. */
  private static final int KEYS_AT_ONCE = 2_000;

  private final ReadModel model;
  private final SelectAnalysis analysis;
  private final List<AffectedKeys> affectedKeys;

  /** Null until it was needed: it follows from the table, which must be there. */
  private @Nullable Recomputation recomputation;

  /**
   * How rows are computed anew by key: the same for every batch.
   *
   * @param sql the statement, which binds the keys twice
   */
  private record Recomputation(KeySet keys, String sql) {}

  MaintainedModel(ReadModel model) {
    this.model = model;
    this.analysis = SelectAnalysis.of(model);
    this.affectedKeys = analysis.affectedKeys();
  }

  ReadModel model() {
    return model;
  }

  SelectAnalysis analysis() {
    return analysis;
  }

  /** Makes the table anew and fills it from the mirror. */
  void rebuild(Sql sql) {
    String name = model.quotedName();
    sql.run("create schema if not exists read");
    refuseWhatIsNotOurs(sql);
    sql.run("drop table if exists " + name);
    sql.run("create table %s as %s".formatted(name, model.select()));
    try {
      sql.run("alter table %s add primary key (%s)".formatted(name, quoted(model.key())));
    } catch (ApplyFailed e) {
      throw e.isIntegrityViolation() ? keyIsNoKey(String.valueOf(e.getMessage())) : e;
    }
    for (String index : model.indexes()) {
      sql.run("create index on %s (%s)".formatted(name, index));
    }
    sql.run("comment on table %s is '%s'".formatted(name, model.comment().replace("'", "''")));
    sql.run("analyze " + name);
  }

  private SyncRefused keyIsNoKey(String why) {
    return new SyncRefused(
        "Model %s: its key (%s) does not tell its rows apart: %s. Name columns that are unique and never null in the result."
            .formatted(model.name(), String.join(", ", model.key()), why));
  }

  private void refuseWhatIsNotOurs(Sql sql) {
    List<List<@Nullable String>> comment = sql.commentOf(model.quotedName());
    if (!comment.isEmpty()
        && !String.valueOf(comment.getFirst().getFirst()).startsWith(ModelComment.PREFIX)) {
      throw new SyncRefused(
          "The read database has a relation read.%s of its own, which would be replaced. Move it away, or name the model otherwise."
              .formatted(model.name()));
    }
  }

  /** Whether a batch touches a table that the model reads. */
  boolean reads(Set<TableName> changed) {
    return analysis.tables().stream().anyMatch(changed::contains);
  }

  /** The keys that these changes touch, by the mirror as it is now. */
  Set<List<String>> affected(Sql sql, Map<Mirror, TableChanges> changes) {
    Set<List<String>> keys = new LinkedHashSet<>();
    for (AffectedKeys way : affectedKeys) {
      changes.forEach(
          (mirror, tableChanges) -> {
            if (mirror.table().name().equals(way.table()) && !tableChanges.keys().isEmpty()) {
              for (List<@Nullable String> key :
                  sql.query(way.sql(mirror.selectByKeys()), mirror.bind(tableChanges))) {
                if (key.contains(null)) {
                  throw keyIsNoKey("it is null in a row");
                }
                keys.add(key.stream().map(Objects::requireNonNull).toList());
              }
            }
          });
    }
    return keys;
  }

  /** Computes the rows with these keys anew. */
  void recompute(Sql sql, Collection<List<String>> keys) {
    if (keys.isEmpty()) {
      return;
    }
    Recomputation how = recomputation(sql);
    List<List<String>> all = new ArrayList<>(keys);
    for (int from = 0; from < all.size(); from += KEYS_AT_ONCE) {
      List<String[]> bound =
          how.keys().bind(all.subList(from, Math.min(all.size(), from + KEYS_AT_ONCE)));
      List<String[]> twice = new ArrayList<>(bound);
      twice.addAll(bound);
      sql.update(how.sql(), twice);
    }
  }

  /** Computes all rows anew. */
  void recomputeAll(Sql sql) {
    sql.run("delete from " + model.quotedName());
    sql.run("insert into %s %s".formatted(model.quotedName(), model.select()));
  }

  private Recomputation recomputation(Sql sql) {
    Recomputation known = recomputation;
    if (known == null) {
      Map<String, String> types = columnTypes(sql);
      KeySet keys =
          new KeySet(
              model.key(),
              model.key().stream()
                  .map(column -> Objects.requireNonNull(types.get(column), column))
                  .toList());
      known = new Recomputation(keys, recomputeSql(types.keySet(), keys));
      recomputation = known;
    }
    return known;
  }

  private String recomputeSql(Collection<String> columns, KeySet keySet) {
    String key = quoted(model.key());
    String sets =
        columns.stream()
            .filter(column -> !model.key().contains(column))
            .map(column -> "%1$s = excluded.%1$s".formatted(TableName.quoted(column)))
            .collect(Collectors.joining(", "));
    String sameKey =
        model.key().stream()
            .map(column -> "f.%1$s = t.%1$s".formatted(TableName.quoted(column)))
            .collect(Collectors.joining(" and "));
    return """
        with fresh as materialized (select * from (%s) q where %s),
        gone as (delete from %s t where %s and not exists (select from fresh f where %s))
        insert into %s select * from fresh on conflict (%s) do %s
        """
        .formatted(
            model.select(),
            keySet.condition("q"),
            model.quotedName(),
            keySet.condition("t"),
            sameKey,
            model.quotedName(),
            key,
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
                .formatted(model.quotedName().replace("'", "''")),
            List.of())) {
      types.put(
          Objects.requireNonNull(column.getFirst()), Objects.requireNonNull(column.getLast()));
    }
    return types;
  }

  private static String quoted(List<String> columns) {
    return columns.stream().map(TableName::quoted).collect(Collectors.joining(", "));
  }
}
