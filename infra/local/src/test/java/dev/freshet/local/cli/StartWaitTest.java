package dev.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.status.SyncStatus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class StartWaitTest {

  private final SyncStatus status = new SyncStatus(Clock.systemUTC());
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @Test
  void aSyncThatStreamsIsReadyAndNothingIsSaid() {
    become(State.STREAMING, "");

    await(List.of());

    assertThat(printed()).isEmpty();
  }

  @Test
  void whatItWaitsForIsSaidOnceEachTimeItChanges() {
    become(State.RETRYING, "the primary is away");

    await(
        List.of(
            () -> become(State.RETRYING, "the primary is away"),
            () -> become(State.RETRYING, "the read database is away"),
            () -> become(State.SNAPSHOT, "First copy of the tables."),
            () -> become(State.STREAMING, "")));

    assertThat(printed().lines())
        .containsExactly(
            "Waiting: the primary is away",
            "Waiting: the read database is away",
            "Waiting: First copy of the tables.");
  }

  @Test
  void aSyncThatRefusesToStartSaysWhy() {
    become(State.STARTING, "");

    assertThatThrownBy(
            () -> await(List.of(() -> become(State.REFUSED, "The source has wal_level=replica."))))
        .isInstanceOf(StartFailed.class)
        .hasMessage("The sync can't start: The source has wal_level=replica.");
  }

  @Test
  void aSignalEndsTheWait() {
    become(State.RETRYING, "the primary is away");

    new StartWait(() -> StartWait.of(PartKind.SYNC, status.snapshot()), out(), () -> {})
        .await(() -> true);

    assertThat(printed()).isEmpty();
  }

  /** Each pause brings the next change; one more than there are would never end. */
  private void await(List<Runnable> changes) {
    Queue<Runnable> next = new ArrayDeque<>(changes);
    new StartWait(
            () -> StartWait.of(PartKind.SYNC, status.snapshot()), out(), () -> next.remove().run())
        .await(() -> false);
  }

  private void become(State state, String reason) {
    status.accept(new Observation.Became(state, reason));
  }

  private PrintStream out() {
    return new PrintStream(printed, true, StandardCharsets.UTF_8);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }
}
