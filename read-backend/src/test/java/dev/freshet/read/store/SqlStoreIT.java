package dev.freshet.read.store;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.protocol.SourceKind;
import dev.freshet.read.sql.SqlStore;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.runtime.source.Source;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;

/** A PostgreSQL keeps the laws. */
class SqlStoreIT extends ModelStoreLaws {

  @TempDir static Path folder;

  private static Cluster cluster;
  private static HikariDataSource pool;
  private static SqlStore store;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_500, false));
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("create schema read");
      statement.execute(
          "create table read.people (id integer primary key, name text collate \"C\", age integer, member boolean)");
      try (PreparedStatement insert =
          connection.prepareStatement("insert into read.people values (?, ?, ?, ?)")) {
        for (List<@Nullable Object> row : ROWS) {
          for (int i = 0; i < row.size(); i++) {
            insert.setObject(i + 1, row.get(i));
          }
          insert.execute();
        }
      }
    }
    pool = ConnectionPool.open("laws", cluster.primary().url(), 2, true, "");
    store =
        new SqlStore(
            Source.of(SourceKind.PRIMARY),
            pool,
            pool,
            new SqlStore.Limits(1_000, 0, 0, 1, Duration.ofSeconds(5)),
            new SteadyClock(),
            Schedulers.immediate());
  }

  @AfterAll
  static void stop() {
    pool.close();
    cluster.close();
  }

  @Override
  ModelStore store() {
    return store;
  }
}
