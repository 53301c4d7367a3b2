package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PinnedSession;
import dev.freshet.sync.delta.ModelShape;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every shape of model equals its SELECT at every quiet moment, whatever was written before; and a
 * listener that adds up what it was told of has the same rows.
 */
class RandomWorkloadIT extends SyncTest {

  private static final Logger log = LoggerFactory.getLogger(RandomWorkloadIT.class);

  private static final int WRITERS = 3;
  private static final int ROUNDS = 6;
  private static final int TRANSACTIONS = 60;

  @Test
  void everyModelEqualsItsSelectWheneverItIsQuiet() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Random workload with -Dfreshet.test.seed={}", seed);
    onPrimary(RandomWorkload.SCHEMA);
    for (var model : RandomWorkload.MODELS.entrySet()) {
      model(model.getKey(), model.getValue());
    }
    String[] names = RandomWorkload.MODELS.keySet().toArray(String[]::new);
    sync = startSync(Map.of(), ToldRows.class);
    ToldRows told = sync.getBean(ToldRows.class);
    awaitInStep(names);
    compare(told, names);
    int addedUp = 0;
    try (ExecutorService writers = Executors.newFixedThreadPool(WRITERS)) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Future<Void>> writing = new ArrayList<>();
        for (int writer = 0; writer < WRITERS; writer++) {
          RandomWorkload workload =
              new RandomWorkload(seed + (long) round * WRITERS + writer, round % 2 == 0 ? 8 : 40);
          writing.add(writers.submit(writer(workload)));
        }
        for (Future<Void> each : writing) {
          each.get();
        }
        awaitInStep(names);
        addedUp += compare(told, names);
      }
    }
    // The others were computed anew as a whole, of which no rows are told.
    assertThat(addedUp).isGreaterThan(ROUNDS * names.length / 2);
    assertThat(told.told()).isPositive();
  }

  /**
   * Compares what a listener was told with the tables, and takes the rows of what was reset.
   *
   * @return how many models it could add up
   */
  private int compare(ToldRows told, String... models) throws SQLException {
    int addedUp = 0;
    try (Connection connection = connect(readServer())) {
      for (String model : models) {
        ModelShape shape = shape(connection, model);
        List<List<@Nullable String>> rows = rows(connection, "select * from read." + model);
        Optional<List<List<@Nullable String>>> sum = told.rows(model);
        if (sum.isEmpty()) {
          told.take(shape, rows);
        } else {
          assertThat(sum.get()).as(model).isEqualTo(ToldRows.sorted(rows));
          addedUp++;
        }
      }
    }
    return addedUp;
  }

  private static ModelShape shape(Connection connection, String model) throws SQLException {
    List<String> columns =
        rows(
                connection,
                "select attname from pg_attribute where attrelid = 'read.%s'::regclass and attnum > 0 order by attnum"
                    .formatted(model))
            .stream()
            .map(row -> String.valueOf(row.getFirst()))
            .toList();
    List<String> key =
        rows(
                connection,
                """
                select a.attname from pg_index i cross join unnest(i.indkey) k(n)
                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n
                where i.indrelid = 'read.%s'::regclass and i.indisunique
                """
                    .formatted(model))
            .stream()
            .map(row -> String.valueOf(row.getFirst()))
            .toList();
    return new ModelShape(model, columns, Collections.nCopies(columns.size(), "text"), key);
  }

  private static List<List<@Nullable String>> rows(Connection connection, String sql)
      throws SQLException {
    List<List<@Nullable String>> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      try (ResultSet result = statement.executeQuery(sql)) {
        while (result.next()) {
          List<@Nullable String> row = new ArrayList<>();
          for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            row.add(result.getString(i));
          }
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private Callable<Void> writer(RandomWorkload workload) {
    return () -> {
      try (Connection connection = connect(primary())) {
        for (int i = 0; i < TRANSACTIONS; i++) {
          workload.transaction(connection);
        }
      }
      return null;
    };
  }
}
