package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    models(RandomWorkload.MODELS);
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
    // The others were recomputed as a whole; nothing names their rows.
    assertThat(addedUp).isGreaterThan(ROUNDS * names.length / 2);
  }

  private int compare(ToldRows told, String... models) throws SQLException {
    try (Connection connection = connect(readServer())) {
      return told.requireEqual(connection, models);
    }
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
