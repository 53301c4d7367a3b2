package dev.freshet.sync.contract;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.ChangeSources;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SlotSourceIT extends ChangeSourceContract {

  private static final int PORTS = 21_000 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, PORTS + 700, false));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Override
  WrittenSource source() throws Exception {
    return new Written();
  }

  private static final class Written implements WrittenSource {

    private static final String SLOT = "freshet_contract";

    private final Connection connection = cluster.primary().connect();

    Written() throws SQLException {
      run("drop table if exists item; create table item (id text primary key, note text)");
    }

    private void run(String sql) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }

    @Override
    public ChangeSources open() {
      PostgresUrl primary = cluster.primary().url();
      return new SlotSources(
          new SlotSources.Settings(primary, primary, SLOT, Clock.systemUTC()), silence -> {});
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

    @Override
    public void close() throws SQLException {
      try (connection) {
        run(
            "select pg_terminate_backend(active_pid, 3000) from pg_replication_slots where active_pid is not null");
        run(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '%s'"
                .formatted(SLOT));
        run("drop publication if exists " + SLOT);
      }
    }
  }
}
