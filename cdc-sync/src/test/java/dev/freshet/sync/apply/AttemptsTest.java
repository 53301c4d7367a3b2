package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AttemptsTest {

  private static final String CHECK_VIOLATION = "23514";
  private static final String UNDEFINED_COLUMN = "42703";
  private static final String CONNECTION_FAILURE = "08006";

  private final List<String> log = new ArrayList<>();

  /** Makes attempts that end as given, one after the other. */
  private boolean run(List<Supplier<RuntimeException>> failures) {
    Iterator<Supplier<RuntimeException>> next = failures.iterator();
    return Attempts.run(
        carefully -> {
          log.add(carefully ? "carefully" : "at once");
          if (next.hasNext()) {
            throw next.next().get();
          }
        },
        failed -> log.add("stop " + failed.model()));
  }

  private static Supplier<RuntimeException> table(String state) {
    return () -> new ApplyFailed(new SQLException("refused", state));
  }

  private static Supplier<RuntimeException> model(String state) {
    return () -> ModelFailed.of("orders", new ApplyFailed(new SQLException("refused", state)));
  }

  @Test
  void whatNobodyRefusesIsAppliedAtOnce() {
    assertThat(run(List.of())).isFalse();
    assertThat(log).containsExactly("at once");
  }

  @Test
  void refusedRowsAreTriedOneByOne() {
    assertThat(run(List.of(table(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully");
  }

  @Test
  void rowsThatAModelRefusesAreTriedOneByOneWithoutStoppingIt() {
    assertThat(run(List.of(model(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully");
  }

  @Test
  void modelThatCannotBeComputedIsStoppedAndTheOthersGoOn() {
    assertThat(run(List.of(model(UNDEFINED_COLUMN)))).isTrue();
    assertThat(log).containsExactly("at once", "stop orders", "carefully");
  }

  @Test
  void modelThatRefusesEvenRowByRowIsStopped() {
    assertThat(run(List.of(model(CHECK_VIOLATION), model(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully", "stop orders", "carefully");
  }

  @Test
  void tableThatRefusesWhateverTheRowsAreEndsIt() {
    assertThatThrownBy(() -> run(List.of(table(UNDEFINED_COLUMN)))).isInstanceOf(ApplyFailed.class);
    assertThat(log).containsExactly("at once");
  }

  @Test
  void lostConnectionEndsIt() {
    assertThatThrownBy(() -> run(List.of(table(CONNECTION_FAILURE))))
        .isInstanceOf(ApplyFailed.class);
    assertThat(log).containsExactly("at once");
  }

  @Test
  void tableThatRefusesRowByRowEndsIt() {
    assertThatThrownBy(() -> run(List.of(table(CHECK_VIOLATION), table(CHECK_VIOLATION))))
        .isInstanceOf(ApplyFailed.class);
    assertThat(log).containsExactly("at once", "carefully");
  }
}
