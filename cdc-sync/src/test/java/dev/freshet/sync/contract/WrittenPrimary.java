package dev.freshet.sync.contract;

import dev.freshet.cluster.Cluster;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A primary with an empty table. */
abstract class WrittenPrimary implements WrittenSource {

  private final Connection connection;

  WrittenPrimary(Cluster cluster) throws SQLException {
    this.connection = cluster.primary().connect();
    run("drop table if exists item; create table item (id text primary key, note text)");
  }

  final void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void commit(List<Step> steps) throws SQLException {
    connection.setAutoCommit(false);
    for (Step step : steps) {
      switch (step) {
        case Step.Put(String id, String note) ->
            update(
                "insert into item values (?, ?) on conflict (id) do update set note = excluded.note",
                id,
                note);
        case Step.Rename(String from, String to) ->
            update("update item set id = ? where id = ?", to, from);
        case Step.Remove(String id) -> update("delete from item where id = ?", id);
        case Step.Clear() -> update("truncate item");
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private void update(String sql, String... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  @Override
  public Map<String, String> rows() throws SQLException {
    Map<String, String> rows = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery("select id, note from item")) {
      while (found.next()) {
        rows.put(found.getString(1), found.getString(2));
      }
    }
    return rows;
  }

  /** Gives up what a slot of this name leaves. */
  final void removeSlot(String slot) throws SQLException {
    run(
        "select pg_terminate_backend(active_pid, 3000) from pg_replication_slots where active_pid is not null");
    run(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '%s'"
            .formatted(slot));
    run("drop publication if exists " + slot);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
