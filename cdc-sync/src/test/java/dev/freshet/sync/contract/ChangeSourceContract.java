package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.contract.WrittenSource.Step;
import dev.freshet.sync.contract.WrittenSource.Step.Clear;
import dev.freshet.sync.contract.WrittenSource.Step.Put;
import dev.freshet.sync.contract.WrittenSource.Step.Remove;
import dev.freshet.sync.contract.WrittenSource.Step.Rename;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link ChangeSource} promises; each source's own test extends it. */
abstract class ChangeSourceContract {

  private static final int TRANSACTIONS = 40;

  private WrittenSource written;
  private int counted;

  /** An empty source. */
  abstract WrittenSource source() throws Exception;

  @BeforeEach
  void open() throws Exception {
    written = source();
  }

  @AfterEach
  void close() throws Exception {
    written.close();
  }

  /** Commits these steps and counts, see {@link Follower}. */
  private void commit(Step... steps) throws Exception {
    counted++;
    List<Step> all = new ArrayList<>();
    all.add(new Put("left", Integer.toString(counted)));
    all.addAll(List.of(steps));
    all.add(new Put("right", Integer.toString(counted)));
    written.commit(all);
  }

  private void commitAtRandom(Random random) throws Exception {
    for (int i = 0; i < TRANSACTIONS; i++) {
      String id = "r" + random.nextInt(10);
      commit(
          switch (random.nextInt(5)) {
            case 0 -> new Remove(id);
            case 1 -> new Rename(id, "renamed " + counted);
            default -> new Put(id, "note " + i);
          });
    }
  }

  @Test
  void seedAndChangesTogetherAreWhatTheSourceHas() throws Exception {
    commit(new Put("a", "before"));
    Follower follower = new Follower();
    follower.follow(
        written.open(),
        (awaiting, source) -> {
          commitAtRandom(new Random(17));
          awaiting.until(() -> follower.transactions() == TRANSACTIONS);
        });
    assertThat(follower.continuation()).isInstanceOf(Continuation.CopyAll.class);
    assertThat(follower.rows()).isEqualTo(written.rows());
  }

  @Test
  void captureGoesOnWhereTheCopyIsWithoutALossOrARepetition() throws Exception {
    commit();
    Follower follower = new Follower();
    for (int round = 1; round <= 3; round++) {
      int expected = round * TRANSACTIONS;
      Random random = new Random(round);
      follower.follow(
          written.open(),
          (awaiting, source) -> {
            commitAtRandom(random);
            awaiting.until(() -> follower.transactions() >= expected);
          });
      if (round > 1) {
        assertThat(follower.continuation()).isInstanceOf(Continuation.GoOn.class);
      }
    }
    commitAtRandom(new Random(4)); // while nobody captures
    follower.follow(
        written.open(),
        (awaiting, source) -> awaiting.until(() -> follower.transactions() >= 4 * TRANSACTIONS));
    assertThat(follower.rows()).isEqualTo(written.rows());
  }

  @Test
  void changesOfKeysAndTheRemovalOfAllRowsAreFollowed() throws Exception {
    commit(new Put("a", "one"), new Put("b", "two"));
    Follower follower = new Follower();
    follower.follow(
        written.open(),
        (awaiting, source) -> {
          commit(new Rename("a", "c"), new Rename("b", "a"), new Put("a", "three"));
          awaiting.until(() -> follower.transactions() == 1);
          assertThat(follower.rows()).containsEntry("a", "three").containsEntry("c", "one");
          counted++;
          written.commit(
              new Clear(),
              new Put("left", Integer.toString(counted)),
              new Put("right", Integer.toString(counted)));
          awaiting.until(() -> follower.transactions() == 2);
        });
    assertThat(follower.rows()).hasSize(2).isEqualTo(written.rows());
  }

  @Test
  void largeTransactionComesWhole() throws Exception {
    commit();
    Follower follower = new Follower();
    follower.follow(
        written.open(),
        (awaiting, source) -> {
          List<Step> steps = new ArrayList<>();
          for (int i = 0; i < 30_000; i++) {
            steps.add(new Put("many " + i, "x".repeat(20)));
          }
          commit(steps.toArray(Step[]::new));
          awaiting.until(() -> follower.transactions() == 1);
        });
    assertThat(follower.rows()).hasSize(30_002).isEqualTo(written.rows());
  }

  @Test
  void snapshotBesideTheCaptureHasWhatEndedAtOrBeforeItsPlace() throws Exception {
    commit();
    Follower follower = new Follower();
    AtomicInteger rows = new AtomicInteger();
    follower.follow(
        written.open(),
        (awaiting, source) -> {
          commit(new Put("a", "one"));
          try (ChangeSource other = written.open().connect();
              Seed seed = other.snapshot()) {
            commit(new Put("b", "two"));
            seed.read(
                other.schema().find(WrittenSource.ITEM).orElseThrow(),
                List.of("id"),
                line -> rows.incrementAndGet());
            awaiting.until(() -> follower.transactions() == 2);
            assertThat(follower.applied()).isGreaterThan(seed.at());
          }
        });
    assertThat(rows).as("left, right and a").hasValue(3);
  }

  @Test
  void idleSourceIsLevelWithItsCopyAndReachesAnyPlaceThatItHasPassed() throws Exception {
    commit();
    Follower follower = new Follower();
    follower.follow(
        written.open(),
        (awaiting, source) -> {
          commit(new Put("a", "one"));
          awaiting.until(() -> follower.transactions() == 1);
          awaiting.until(follower::isLevel);
          Place now = source.place();
          source.wish(now);
          awaiting.until(() -> follower.applied().isAtOrPast(now));
        });
  }

  @Test
  void copyOfAnotherSystemIsRefused() throws Exception {
    commit();
    try (ChangeSource source = written.open().connect()) {
      source.publish(List.of(WrittenSource.ITEM));
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> source.continuation(new Held("another system", Place.START)))
          .hasMessageContaining("another system");
    }
  }
}
