package dev.freshet.sync.slot;

import dev.freshet.file.SqlTokens;
import dev.freshet.protocol.ModelComment;
import dev.freshet.protocol.ReceivedTimeline;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.sql.AudienceSql;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.dao.NonTransientDataAccessResourceException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** The models' SELECTs as views in schema {@code read} of the primary, and so of every replica. */
public final class Views implements ModelViews {

  private static final String PROBE = "read.\"freshet probe\"";

  private final JdbcClient db;
  private final TransactionOperations transactions;

  public Views(JdbcClient db, TransactionOperations transactions) {
    this.db = db;
    this.transactions = transactions;
  }

  @Override
  public Map<String, String> install(List<ReadModel> models, boolean byMeaning) {
    Map<String, String> refusals = new LinkedHashMap<>();
    for (ReadModel model : models) {
      if (!isInstalled(model)) {
        attempt(model.name(), () -> replace(model), refusals);
      } else if (byMeaning) {
        attempt(model.name(), () -> replaceIfItMeansSomethingElse(model), refusals);
      }
    }
    return refusals;
  }

  /** Makes it again beside the old one, and compares what PostgreSQL understood. */
  private void replaceIfItMeansSomethingElse(ReadModel model) {
    String before = definition(model.quotedName());
    db.sql("create view %s as %s".formatted(PROBE, definition(model))).update();
    String now = definition(PROBE);
    db.sql("drop view " + PROBE).update();
    if (!now.equals(before)) {
      replace(model);
    }
  }

  /** As the driver wants it, with an end that no comment hides. */
  private String definition(ReadModel model) {
    String owner = db.sql("select current_user::text").query(String.class).single();
    String select = SqlTokens.statement(model.select()) + "\n";
    return SqlTokens.forValues(AudienceSql.inView(model.audience(), select, owner)) + "\n";
  }

  private String definition(String view) {
    return db.sql("select pg_get_viewdef(to_regclass(:view))")
        .param("view", view)
        .query(String.class)
        .single();
  }

  @Override
  public Set<String> names() {
    return Set.copyOf(
        db.sql(
                "select relname from pg_class where relnamespace = to_regnamespace('read') and relkind = 'v'")
            .query((row, number) -> row.getString(1))
            .list());
  }

  /** What the source refuses is the model's own affair; anything else is not. */
  private void attempt(String model, Runnable work, Map<String, String> refusals) {
    try {
      transactions.executeWithoutResult(status -> work.run());
    } catch (SyncRefused e) {
      refusals.put(model, String.valueOf(e.getMessage()));
    } catch (NonTransientDataAccessResourceException e) {
      throw e;
    } catch (NonTransientDataAccessException e) {
      refusals.put(
          model,
          "Its view on the source can't be changed: %s. Grant the role of --primary what it lacks (sync setup --print --views says what), drop what depends on the view, or leave --views out."
              .formatted(e.getMostSpecificCause().getMessage()));
    }
  }

  /** Asked first: making a schema that is there already takes the right to make one, too. */
  private void requireSchema() {
    boolean isThere =
        db.sql("select to_regnamespace('read') is not null").query(Boolean.class).single();
    if (!isThere) {
      db.sql("create schema read").update();
    }
  }

  private void refuseWhatIsNotOurs(ReadModel model) {
    boolean isSomebodyElses =
        db.sql(
                """
                select not starts_with(coalesce(obj_description(oid, 'pg_class'), ''), :prefix)
                from pg_class where oid = to_regclass(:name)
                """)
            .param("prefix", ModelComment.PREFIX)
            .param("name", model.quotedName())
            .query(Boolean.class)
            .optional()
            .orElse(false);
    if (isSomebodyElses) {
      throw new SyncRefused(
          "The source has a relation read.%s of its own, which would be replaced. Name the model otherwise, or leave --views out."
              .formatted(model.name()));
    }
  }

  private boolean isInstalled(ReadModel model) {
    Optional<String> comment =
        db.sql("select obj_description(to_regclass(:name), 'pg_class')")
            .param("name", model.quotedName())
            .query((row, number) -> String.valueOf(row.getString(1)))
            .optional();
    return comment.equals(Optional.of(model.comment()));
  }

  @Override
  public Optional<String> drop(String model) {
    Map<String, String> refusals = new HashMap<>();
    attempt(model, () -> dropOurs(model), refusals);
    return Optional.ofNullable(refusals.get(model));
  }

  private void dropOurs(String model) {
    String name = "read." + TableName.quoted(model);
    boolean isOurs =
        db.sql(
                """
                select starts_with(coalesce(obj_description(oid, 'pg_class'), ''), :prefix)
                from pg_class where oid = to_regclass(:name) and relkind = 'v'
                """)
            .param("prefix", ModelComment.PREFIX)
            .param("name", name)
            .query(Boolean.class)
            .optional()
            .orElse(false);
    if (isOurs) {
      db.sql("drop view " + name).update();
    }
  }

  /** From PostgreSQL 15 on a view can ask for its reader's privileges instead of its owner's. */
  private boolean knowsInvoker() {
    return db.sql("select current_setting('server_version_num')::int >= 150000")
        .query(Boolean.class)
        .single();
  }

  /**
   * A model that has rules stands for its tables: its readers have no rights on these. Without
   * rules the tables' own are left to hold.
   */
  private String options(ReadModel model) {
    return model.audience().isEverybody()
        ? knowsInvoker() ? " with (security_invoker = true)" : ""
        : " with (security_barrier = true)";
  }

  private List<String> columns(ReadModel model) {
    return db.sql(
            """
            select attname from pg_attribute
            where attrelid = to_regclass(:view) and attnum > 0 and not attisdropped order by attnum
            """)
        .param("view", model.quotedName())
        .query((row, number) -> row.getString(1))
        .list();
  }

  private void refuseFlawedRoles(ReadModel model) {
    for (String role : model.audience().roles()) {
      db.sql(AudienceSql.roleFlaw(role))
          .query((row, number) -> row.getString(1))
          .optional()
          .ifPresent(
              flaw -> {
                throw new SyncRefused(
                    "Its rules name the role %s, and on the source %s.".formatted(role, flaw));
              });
    }
  }

  private void replace(ReadModel model) {
    requireSchema();
    refuseWhatIsNotOurs(model);
    refuseFlawedRoles(model);
    List<String> grants =
        db.sql(AudienceSql.othersGrants(model.audience(), model.quotedName()))
            .query((row, number) -> row.getString(1))
            .list();
    db.sql("drop view if exists " + model.quotedName()).update();
    db.sql(
            "create view %s%s as %s"
                .formatted(model.quotedName(), options(model), definition(model)))
        .update();
    grants.forEach(grant -> db.sql(grant).update());
    if (!model.audience().isEverybody()) {
      db.sql(ReceivedTimeline.FUNCTION_SQL).update();
    }
    AudienceSql.grants(model.audience(), model.quotedName(), columns(model))
        .forEach(grant -> db.sql(grant).update());
    db.sql(
            "comment on view %s is %s"
                .formatted(model.quotedName(), TableName.literal(model.comment())))
        .update();
  }
}
