package dev.freshet.sync.apply;

import dev.freshet.protocol.ModelComment;
import dev.freshet.sync.inference.DeltaPlan;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.Audience;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.AudienceSql;
import dev.freshet.sync.sql.TypedColumns;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model's new table while it is filled, in schema {@code freshet}: what changes touch meanwhile
 * is noted beside it, to be recomputed once the rows are there.
 */
public final class BuildingModel {

  /** Units recomputed at once, while nothing else can be applied. */
  private static final int UNITS_AT_ONCE = 1_000;

  private static final String LOCK_TIMEOUT = "200ms";

  /** From here on a unique index can hold several nulls as one. */
  private static final int NULLS_NOT_DISTINCT_SINCE = 15;

  private final Declared declared;
  private final ModelPlan plan;
  private final String name;
  private final String table;
  private final String noted;
  private final String states;
  private final MaintainedModel maintained;
  private boolean allTouched;
  private @Nullable String failure;

  public BuildingModel(Declared declared, ModelPlan plan) {
    this.declared = declared;
    this.plan = plan;
    this.name = plan.model().name();
    this.table = own("new " + name);
    this.noted = own("touched " + name);
    this.states = own("new groups of " + name);
    this.maintained = new MaintainedModel(plan, table, states, false);
  }

  private static String own(String name) {
    return "freshet." + TableName.quoted(TableName.fitting(name));
  }

  String name() {
    return name;
  }

  MaintainedModel maintained() {
    return maintained;
  }

  /** The new table, to be filled with the SELECT's rows. */
  public String table() {
    return table;
  }

  /** The new table of its groups' states, to be filled with {@link #statesSelect}. */
  public String states() {
    return states;
  }

  /** The SELECT of its groups' states; empty when it is not kept by delta. */
  public Optional<String> statesSelect() {
    return plan.deltas().map(DeltaPlan::stateSelect);
  }

  /** Makes the empty table. Only between two batches, whose changes are noted from now on. */
  public void create(Sql sql) {
    refuseWhatIsNotOurs(sql);
    refuseFlawedRoles(sql);
    drop(sql);
    sql.run("create table %s as select * from (%s) q with no data".formatted(table, plan.select()));
    SearchColumn.of(plan.model()).ifPresent(search -> search.add(sql, table));
    statesSelect()
        .ifPresent(
            select ->
                sql.run(
                    "create table %s as select * from (%s) q with no data"
                        .formatted(states, select)));
    sql.run(
        "create table %s (%s)"
            .formatted(
                noted,
                IntStream.range(0, plan.unit().size())
                    .mapToObj(i -> "u" + i + " text")
                    .collect(Collectors.joining(", "))));
  }

  private void refuseWhatIsNotOurs(Sql sql) {
    List<List<@Nullable String>> comment = sql.commentOf(plan.model().quotedName());
    if (!comment.isEmpty()
        && !String.valueOf(comment.getFirst().getFirst()).startsWith(ModelComment.PREFIX)) {
      throw new SyncRefused(
          "The read database has a relation read.%s of its own, which would be replaced. Move it away, or name the model otherwise."
              .formatted(name));
    }
  }

  /** Drops what an earlier process was building when it ended. */
  static void dropLeftOvers(Sql sql) {
    sql.query(
            """
            select c.oid::regclass::text from pg_class c
            where c.relnamespace = to_regnamespace('freshet') and c.relkind = 'r'
              and (starts_with(c.relname, 'new ') or starts_with(c.relname, 'touched '))
            """,
            List.of())
        .forEach(table -> sql.run("drop table " + table.getFirst()));
  }

  /** Gives the new table up. */
  public void drop(Sql sql) {
    sql.run("drop table if exists " + table);
    sql.run("drop table if exists " + noted);
    sql.run("drop table if exists " + states);
  }

  /** Adds key, indexes and comment, once the rows are there. On a connection of one's own. */
  public void addIndexes(Sql sql, int serverMajor) {
    List<String> columns = plan.model().key();
    String key = new TypedColumns(columns, columns).list();
    // Named by the model: names that PostgreSQL makes of the table's may be another model's, too.
    addKey(sql, table, TableName.fitting(name + " key"), key, serverMajor);
    if (statesSelect().isPresent()) {
      addKey(sql, states, "", key, serverMajor);
      sql.run("analyze " + states);
    }
    for (int i = 0; i < plan.model().indexes().size(); i++) {
      sql.run(
          "create index %s on %s (%s)"
              .formatted(
                  TableName.quoted(TableName.fitting("%s index %d".formatted(name, i + 1))),
                  table,
                  plan.model().indexes().get(i)));
    }
    SearchColumn.of(plan.model()).ifPresent(search -> search.addIndexes(sql, table));
    sql.run(
        "comment on table %s is %s".formatted(table, TableName.literal(plan.model().comment())));
    restrict(sql);
    sql.run("analyze " + table);
  }

  /** Has the table show to each role what it may see, before anybody can read it. */
  private void restrict(Sql sql) {
    Audience audience = SearchColumn.audience(sql, plan.model(), table);
    if (audience.isEverybody()) {
      return;
    }
    AudienceSql.onTable(audience, table).forEach(sql::run);
    List<String> columns =
        sql
            .query(
                "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"
                    .formatted(TableName.literal(table)),
                List.of())
            .stream()
            .map(row -> String.valueOf(row.getFirst()))
            .toList();
    AudienceSql.grants(audience, table, columns).forEach(sql::run);
  }

  /** Before anything is copied. */
  private void refuseFlawedRoles(Sql sql) {
    for (String role : plan.model().audience().roles()) {
      sql.query(AudienceSql.roleFlaw(role), List.of()).stream()
          .findFirst()
          .ifPresent(
              flaw -> {
                throw new SyncRefused(
                    "Model %s: its rules name the role %s, and in the read database %s."
                        .formatted(name, role, flaw.getFirst()));
              });
    }
  }

  private void addKey(Sql sql, String to, String called, String columns, int serverMajor) {
    boolean withNulls = plan.keyMayBeNull() && serverMajor >= NULLS_NOT_DISTINCT_SINCE;
    String quoted = called.isEmpty() ? "" : TableName.quoted(called);
    try {
      sql.run(
          withNulls || plan.model().isOneRow()
              ? "create unique index %s on %s (%s)%s"
                  .formatted(quoted, to, columns, withNulls ? " nulls not distinct" : "")
              : "alter table %s add %s primary key (%s)"
                  .formatted(to, quoted.isEmpty() ? "" : "constraint " + quoted, columns));
    } catch (ApplyFailed e) {
      throw e.isDuplicate() || e.isNullWhereNoneMayBe() ? keyIsNoKey(e) : e;
    }
  }

  private SyncRefused keyIsNoKey(ApplyFailed why) {
    if (plan.model().isOneRow()) {
      return new SyncRefused(
          "Model %s: its result has more than one row, and key: none says that it has one. Name the columns that are unique in it."
              .formatted(name));
    }
    return new SyncRefused(
        "Model %s: its key (%s) does not tell its rows apart: %s. Name columns that are unique in the result%s."
            .formatted(
                name,
                String.join(", ", plan.model().key()),
                String.valueOf(why.getMessage()).replace('\n', ' '),
                why.isNullWhereNoneMayBe() ? ", and not null below PostgreSQL 15" : ""));
  }

  /** What a batch touches can't be told by its plan, so that it is not to be finished. */
  void fail(String reason) {
    failure = reason;
  }

  /** Notes what a batch touched. */
  void note(Sql sql) {
    TouchedUnits touched = maintained.touched();
    if (touched.isAll()) {
      allTouched = true;
    } else if (!touched.isEmpty()) {
      int width = plan.unit().size();
      touched.forEachChunk(
          sql,
          units ->
              sql.update(
                  TypedColumns.insertTexts(noted, width), TypedColumns.arrays(width, units)));
    }
  }

  /**
   * Recomputes some of what was noted. Only between two batches.
   *
   * @return whether nothing is left
   */
  public boolean catchUp(Sql sql) {
    if (failure != null) {
      throw new SyncRefused("Model %s: %s".formatted(name, failure));
    }
    if (allTouched) {
      sql.run("delete from " + noted);
      maintained.recomputeAll(sql);
      // Committed by itself: the swap may have to be tried again.
      allTouched = false;
      return false;
    }
    if (plan.unit().isEmpty()) {
      return true; // it is touched as a whole or not at all
    }
    List<List<@Nullable String>> units =
        sql.query(
            """
            with taken as (
              delete from %1$s where ctid = any(array(select ctid from %1$s limit %2$d)) returning *)
            select distinct * from taken
            """
                .formatted(noted, UNITS_AT_ONCE),
            List.of());
    if (!units.isEmpty()) {
      maintained.recompute(sql, units);
    }
    return units.isEmpty();
  }

  /**
   * Puts the new table in the old one's place, with its privileges. Only between two batches, with
   * nothing left to catch up.
   *
   * @throws ApplyFailed when readers don't let the old table go soon enough
   */
  public void swap(Registry kept) {
    Sql sql = kept.sql();
    sql.run("set local lock_timeout = '" + LOCK_TIMEOUT + "'");
    List<String> grants = grants(sql);
    sql.run("drop table if exists " + plan.model().quotedName());
    sql.run("alter table %s set schema read".formatted(table));
    sql.run(
        "alter table read.%s rename to %s"
            .formatted(TableName.quoted(TableName.fitting("new " + name)), TableName.quoted(name)));
    sql.run("drop table " + noted);
    sql.run("drop table if exists " + Registry.statesTable(name));
    if (statesSelect().isPresent()) {
      sql.run(
          "alter table %s rename to %s"
              .formatted(states, TableName.quoted(Registry.statesName(name))));
    }
    grants.forEach(sql::run);
    kept.stopBuilding(name);
    boolean isRenewed = kept.isServedAs(declared, plan);
    if (!kept.maintain(plan)) {
      throw new IllegalStateException("The new table of %s is not as planned".formatted(name));
    }
    if (isRenewed) {
      kept.renewInStores(name);
    } else {
      kept.resetInStores(name);
    }
    kept.rememberLive(declared, plan);
  }

  private List<String> grants(Sql sql) {
    return sql
        .query(
            AudienceSql.othersGrants(plan.model().audience(), plan.model().quotedName()), List.of())
        .stream()
        .map(row -> String.valueOf(row.getFirst()))
        .toList();
  }
}
