package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Values that no model can have, and tables, types and functions that are altered, all in a random
 * order: whatever is live equals its SELECT, and models that none of it concerns stay live.
 */
class HostileWorkloadIT extends SyncTest {

  private static final Logger log = LoggerFactory.getLogger(HostileWorkloadIT.class);

  private static final int ROUNDS = Boolean.getBoolean("freshet.long") ? 200 : 12;
  private static final int MOVES = 5;
  private static final int ROUNDS_UNTIL_HEALED = 6;

  @Test
  void whatIsLiveIsRightAndWhatIsNotConcernedGoesOn() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Hostile workload with -Dfreshet.test.seed={}", seed);
    Random random = new Random(seed);
    onPrimary(HostileWorkload.SCHEMA);
    models(HostileWorkload.MODELS);
    sync = startSync();
    awaitInStep(HostileWorkload.MODELS.keySet().toArray(String[]::new));
    for (int round = 1; round <= ROUNDS; round++) {
      for (int i = 0; i < MOVES; i++) {
        onPrimary(HostileWorkload.move(random));
      }
      onPrimary("update calm set v = v + 1 where id = " + (1 + random.nextInt(20)));
      awaitInStep("calm");
      assertThat(equalOfLive(HostileWorkload.MODELS.keySet())).contains("calm");
      if (round % ROUNDS_UNTIL_HEALED == 0) {
        onPrimary(HostileWorkload.HEALED);
        awaitInStep(HostileWorkload.MODELS.keySet().toArray(String[]::new));
      }
    }
  }
}
