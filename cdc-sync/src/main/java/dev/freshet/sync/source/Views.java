package dev.freshet.sync.source;

import dev.freshet.protocol.ModelComment;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** The models' SELECTs as views in schema {@code read} of the primary, and so of every replica. */
public final class Views {

  private final JdbcClient db;
  private final TransactionOperations transactions;

  public Views(JdbcClient db, TransactionOperations transactions) {
    this.db = db;
    this.transactions = transactions;
  }

  /** Makes every model's view as declared; one that is so already is not touched. */
  public void install(List<ReadModel> models) {
    transactions.executeWithoutResult(
        status -> {
          db.sql("create schema if not exists read").update();
          models.stream().filter(model -> !isInstalled(model)).forEach(this::replace);
        });
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

  /** Drops a model's view, if it is ours. */
  public void drop(String model) {
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

  private void replace(ReadModel model) {
    refuseWhatIsNotOurs(model);
    db.sql("drop view if exists " + model.quotedName()).update();
    db.sql(
            "create view %s%s as %s"
                .formatted(
                    model.quotedName(),
                    knowsInvoker() ? " with (security_invoker = true)" : "",
                    model.select()))
        .update();
    db.sql(
            "comment on view %s is '%s'"
                .formatted(model.quotedName(), model.comment().replace("'", "''")))
        .update();
  }
}
