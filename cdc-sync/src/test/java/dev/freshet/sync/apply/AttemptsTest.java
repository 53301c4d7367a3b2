package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AttemptsTest {

  private static final String CHECK_VIOLATION = "23514";
  private static final String UNDEFINED_COLUMN = "42703";
  private static final String PROGRAM_LIMIT_EXCEEDED = "54000";
  private static final String OUT_OF_MEMORY = "53200";
  private static final String QUERY_CANCELED = "57014";
  private static final String CONNECTION_FAILURE = "08006";

  private static final Mirror MIRROR =
      new Mirror(
          new SourceTable(
              new TableName("public", "orders"),
              1,
              false,
              "",
              "",
              List.of(new SourceTable.Column("id", 1, "integer", "", null, false, null)),
              List.of("id"),
              true,
              0));

  private final List<String> log = new ArrayList<>();

  /** How often something can be dropped. */
  private int indexes;

  /** Makes attempts that end as given, one after the other. */
  private boolean run(List<Supplier<RuntimeException>> failures) {
    Iterator<Supplier<RuntimeException>> next = failures.iterator();
    return Attempts.run(
        (carefully, without) -> {
          log.add((carefully ? "carefully" : "at once") + (without.isEmpty() ? "" : " without"));
          if (next.hasNext()) {
            throw next.next().get();
          }
        },
        failed -> {
          boolean isLeft = indexes > 0;
          indexes--;
          log.add(isLeft ? "drop" : "nothing to drop");
          return isLeft;
        });
  }

  private static Supplier<RuntimeException> mirror(String state) {
    return () -> new MirrorFailed(MIRROR, new ApplyFailed(new SQLException("refused", state)));
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
  void indexThatCannotTakeARowGoesAndTheRowStays() {
    indexes = 1;
    assertThat(run(List.of(mirror(PROGRAM_LIMIT_EXCEEDED)))).isFalse();
    assertThat(log).containsExactly("at once", "drop", "at once");
  }

  @Test
  void rowThatNoIndexIsToBlameForIsRefusedByItself() {
    assertThat(run(List.of(mirror(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "nothing to drop", "carefully");
  }

  @Test
  void mirrorThatRefusesRowByRowEndsIt() {
    assertThatThrownBy(() -> run(List.of(mirror(CHECK_VIOLATION), mirror(CHECK_VIOLATION))))
        .isInstanceOf(ApplyFailed.class);
  }

  @Test
  void rowsThatAModelRefusesAreTriedOneByOneWithoutStoppingIt() {
    assertThat(run(List.of(model(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully");
  }

  @Test
  void modelThatCannotBeComputedIsStoppedAndTheOthersGoOn() {
    assertThat(run(List.of(model(UNDEFINED_COLUMN)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully without");
  }

  @Test
  void modelThatRefusesEvenRowByRowIsStopped() {
    assertThat(run(List.of(model(CHECK_VIOLATION), model(CHECK_VIOLATION)))).isTrue();
    assertThat(log).containsExactly("at once", "carefully", "carefully without");
  }

  @Test
  void whatMayPassIsTriedThreeTimesBeforeAModelIsSuspected() {
    assertThat(run(List.of(model(OUT_OF_MEMORY), model(OUT_OF_MEMORY)))).isFalse();
    assertThat(log).containsExactly("at once", "at once", "at once");
    log.clear();
    assertThat(run(List.of(model(OUT_OF_MEMORY), model(QUERY_CANCELED), model(OUT_OF_MEMORY))))
        .isFalse();
    assertThat(log).containsExactly("at once", "at once", "at once", "at once without");
  }

  @Test
  void modelIsNotToBlameForWhatFailsWithoutItToo() {
    assertThatThrownBy(
            () ->
                run(
                    List.of(
                        model(OUT_OF_MEMORY),
                        model(OUT_OF_MEMORY),
                        model(OUT_OF_MEMORY),
                        table(CONNECTION_FAILURE))))
        .isInstanceOf(ApplyFailed.class)
        .extracting(e -> ((SQLException) Objects.requireNonNull(e.getCause())).getSQLState())
        .isEqualTo(OUT_OF_MEMORY);
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
