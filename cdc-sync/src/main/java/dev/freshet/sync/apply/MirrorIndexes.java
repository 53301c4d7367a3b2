package dev.freshet.sync.apply;

import dev.freshet.sync.inference.WantedIndex;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The indexes of a mirror by which its rows are found quickly. None of them is needed: one that
 * can't take a row is done without, as the source has the row.
 */
public final class MirrorIndexes {

  private static final Logger log = LoggerFactory.getLogger(MirrorIndexes.class);

  private static final String HASH = "using hash ";

  private final SourceTable table;

  MirrorIndexes(SourceTable table) {
    this.table = table;
  }

  /**
   * Makes those that are not there yet, beside reads and writes; those that PostgreSQL can't make
   * are done without.
   *
   * @param sql a connection without a transaction
   */
  public void create(Sql sql, Collection<WantedIndex> wanted) {
    for (WantedIndex index : wanted) {
      if (index.table().equals(table.name()) && !table.key().getFirst().equals(index.column())) {
        create(sql, index, "");
      }
    }
  }

  /** Values that are too long for a B-tree are indexed by hash. */
  private void create(Sql sql, WantedIndex index, String method) {
    try {
      run(sql, index, method);
    } catch (ApplyFailed e) {
      if (!e.isByContent()) {
        throw e;
      }
      if (e.isTooLarge() && index.column() != null && !method.equals(HASH)) {
        create(sql, index, HASH);
      } else {
        log.warn("No index on {} ({}): {}", table.name(), index.expression(), e.getMessage());
      }
    }
  }

  private void run(Sql sql, WantedIndex index, String method) {
    String name =
        TableName.quoted(
            TableName.fitting(
                "freshet_%.40s_%08x"
                    .formatted(table.name().name(), index.expression().hashCode())));
    String qualified = TableName.quoted(table.name().schema()) + "." + name;
    if (isInvalid(sql, qualified)) {
      sql.run("drop index concurrently " + qualified);
    }
    sql.run(
        "create index concurrently if not exists %s on %s %s(%s)"
            .formatted(name, table.name().quoted(), method, index.expression()));
  }

  /** What an interrupted CREATE INDEX CONCURRENTLY leaves. */
  private static boolean isInvalid(Sql sql, String index) {
    return !sql.query(
            "select 1 from pg_index where indexrelid = to_regclass(%s) and not indisvalid"
                .formatted(TableName.literal(index)),
            List.of())
        .isEmpty();
  }

  /**
   * Drops those that can refuse a row: those of expressions, and where a value was too large
   * B-trees of values of any length.
   *
   * @return whether there were any
   */
  boolean dropFragile(Sql sql, boolean tooLarge) {
    sql.run("set local lock_timeout = '2s'");
    List<List<@Nullable String>> fragile =
        sql.query(
            """
            select distinct format('%%I.%%I', n.nspname, c.relname)
            from pg_index i join pg_class c on c.oid = i.indexrelid
            join pg_namespace n on n.oid = c.relnamespace join pg_am m on m.oid = c.relam
            where i.indrelid = to_regclass(%s) and starts_with(c.relname, 'freshet_')
              and (i.indexprs is not null or (%s and m.amname = 'btree' and exists (
                select from pg_attribute a where a.attrelid = i.indexrelid and a.attlen < 0)))
            """
                .formatted(TableName.literal(table.name().quoted()), tooLarge),
            List.of());
    for (List<@Nullable String> index : fragile) {
      log.warn("Index {} of {} can't take a row, and is dropped", index.getFirst(), table.name());
      sql.run("drop index " + index.getFirst());
    }
    return !fragile.isEmpty();
  }
}
