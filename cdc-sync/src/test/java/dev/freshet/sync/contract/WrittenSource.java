package dev.freshet.sync.contract;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ChangeSources;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/**
 * A source that a test can write to. It has one table, {@code item (id text, note text)}, with the
 * key {@code id}.
 */
interface WrittenSource extends AutoCloseable {

  TableName ITEM = new TableName("public", "item");

  /** What a transaction does. */
  sealed interface Step {

    /** Makes a row, or gives it another note. */
    record Put(String id, String note) implements Step {}

    /** Gives a row another id. */
    record Rename(String from, String to) implements Step {}

    record Remove(String id) implements Step {}

    /** Removes all rows. */
    record Clear() implements Step {}
  }

  /** Opens the source, as a session does. */
  ChangeSources open();

  /** Commits one transaction. */
  void commit(List<Step> steps) throws Exception;

  default void commit(Step... steps) throws Exception {
    commit(List.of(steps));
  }

  /** The rows as they are now, notes by id. */
  Map<String, String> rows() throws Exception;

  @Override
  void close() throws SQLException;
}
