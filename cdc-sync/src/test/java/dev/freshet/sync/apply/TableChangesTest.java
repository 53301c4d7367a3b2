package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.RowChange;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableChangesTest {

  private static final TableName TABLE = new TableName("public", "t");

  private final TableChanges changes = new TableChanges(List.of(0));

  @Test
  void lastStateOfARowCounts() {
    upsert("1", "a", "b");
    upsert("1", "a", "c");
    delete("2");
    upsert("2", "x", "y");
    upsert("3", "x", "y");
    delete("3");
    assertThat(changes.upserted())
        .extracting(TableChanges.Final::row)
        .containsExactly(List.of("1", "a", "c"), List.of("2", "x", "y"));
    assertThat(changes.deleted()).containsExactly(List.of("3"));
  }

  @Test
  void valueThatWasNotSentComesFromTheRowsEarlierStateInTheBatch() {
    upsert("1", "large", "b");
    upsert("1", RowChange.UNCHANGED, "c");
    assertThat(changes.upserted().getFirst().row()).containsExactly("1", "large", "c");
  }

  @Test
  void valueThatWasNotSentWithAKeyChangeComesFromTheOldKeysRow() {
    delete("1");
    changes.add(
        new RowChange.Upsert(TABLE, Arrays.asList("2", RowChange.UNCHANGED, "c"), List.of("1")));
    TableChanges.Final end = changes.upserted().getFirst();
    assertThat(end.row()).containsExactly("2", RowChange.UNCHANGED, "c");
    assertThat(end.valuesFrom()).containsExactly("1");
    assertThat(changes.deleted()).containsExactly(List.of("1"));
  }

  @Test
  void keyChangeOfARowOfTheSameBatchKeepsItsValues() {
    upsert("1", "large", "b");
    delete("1");
    changes.add(
        new RowChange.Upsert(TABLE, Arrays.asList("2", RowChange.UNCHANGED, "c"), List.of("1")));
    assertThat(changes.upserted().getFirst().row()).containsExactly("2", "large", "c");
  }

  @Test
  void truncateForgetsWhatCameBefore() {
    upsert("1", "a", "b");
    changes.add(new RowChange.Truncate(TABLE));
    upsert("2", "a", "b");
    assertThat(changes.truncated()).isTrue();
    assertThat(changes.keys()).containsExactly(List.of("2"));
  }

  private void upsert(String... row) {
    changes.add(new RowChange.Upsert(TABLE, Arrays.asList(row), null));
  }

  private void delete(String key) {
    changes.add(new RowChange.Delete(TABLE, List.of(key)));
  }
}
