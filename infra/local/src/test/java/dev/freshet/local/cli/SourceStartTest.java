package dev.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class SourceStartTest {

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private int looks;

  @Test
  void databaseThatIsThereIsNotSpokenOf() {
    await(List.of(""), () -> true);
    assertThat(printed()).isEmpty();
  }

  @Test
  void whatIsWaitedForIsSaidOnceEachTimeItChanges() {
    await(List.of("", "it is away", "it is away", "it refused the login"), () -> looks > 4);
    assertThat(printed().lines())
        .containsExactly("Waiting: it is away", "Waiting: it refused the login");
  }

  @Test
  void signalEndsTheWait() {
    start(List.of("it is away"), () -> false).await(() -> looks == 3);
    assertThat(printed().lines()).containsExactly("Waiting: it is away");
  }

  private void await(List<String> troubles, BooleanSupplier isKnown) {
    start(troubles, isKnown).await(() -> false);
  }

  /** One that is told these troubles, and the last of them for ever. */
  private SourceStart start(List<String> troubles, BooleanSupplier isKnown) {
    Queue<String> next = new ArrayDeque<>(troubles);
    return new SourceStart(
        isKnown,
        () -> next.size() > 1 ? next.remove() : next.element(),
        new PrintStream(printed, true, StandardCharsets.UTF_8),
        () -> looks++);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }
}
