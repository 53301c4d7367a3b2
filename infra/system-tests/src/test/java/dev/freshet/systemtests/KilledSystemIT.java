package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.UpProcess;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledSystemIT {

  private static final int ROUNDS = Boolean.getBoolean("freshet.long") ? 20 : 3;

  /** Before anything is killed. */
  private static final int ORDERS_A_ROUND = 20;

  @TempDir Path folder;

  @Test
  void acknowledgedWritesSurviveAKillOfEverythingAndTheCopiesBecomeEqualAgain() throws Exception {
    long seed = Long.getLong("freshet.seed", System.nanoTime());
    Random random = new Random(seed);
    Set<String> acknowledged = new HashSet<>();
    for (int round = 1; round <= ROUNDS; round++) {
      try (UpProcess up = UpProcess.start(folder, 22_000)) {
        up.awaitReady();
        assertAllThere(up, acknowledged, seed, round);
        Copies.assertEqualRowByRow(up, 2);
        Load load = Load.start(up.gateway(), 4, Integer.MAX_VALUE);
        load.awaitOrders(ORDERS_A_ROUND);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(2_000)));
        up.killEverything();
        load.stop();
        acknowledged.addAll(load.acknowledged);
      }
    }
    try (UpProcess up = UpProcess.start(folder, 22_000)) {
      up.awaitReady();
      assertAllThere(up, acknowledged, seed, ROUNDS + 1);
      Copies.assertEqualRowByRow(up, 2);
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ROUNDS * ORDERS_A_ROUND);
  }

  private static void assertAllThere(UpProcess up, Set<String> acknowledged, long seed, int round)
      throws Exception {
    Set<String> stored = new HashSet<>();
    try (Connection primary = up.primary()) {
      String ids = Copies.single(primary, "select string_agg('/orders/' || id, ' ') from orders");
      if (ids != null) {
        stored.addAll(List.of(ids.split(" ", -1)));
      }
    }
    assertThat(stored).as("seed %d, round %d", seed, round).containsAll(acknowledged);
  }
}
