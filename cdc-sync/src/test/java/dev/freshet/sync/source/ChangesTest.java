package dev.freshet.sync.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChangesTest {

  private static final TableName TABLE = new TableName("public", "t");

  @Test
  void manyChangesComeBackInOrderAndAreCounted() {
    try (Changes changes = new Changes()) {
      int count = 3 * Changes.MOST_IN_MEMORY + 1;
      for (int i = 0; i < count; i++) {
        changes.add(new RowChange.Upsert(TABLE, List.of("" + i), null));
      }
      List<RowChange> back = new ArrayList<>();
      changes.forEachChunk(back::addAll);
      assertThat(back).hasSize(count);
      assertThat(back.getLast())
          .isEqualTo(new RowChange.Upsert(TABLE, List.of("" + (count - 1)), null));
      assertThat(changes.counts())
          .containsOnly(Map.entry(new Changes.Kind(TABLE, "upsert"), (long) count));
    }
  }

  @Test
  void changeOfAKeyIsNeverCutInTwo() {
    try (Changes changes = new Changes()) {
      // One change first, so that a cut by number alone falls between the two of a pair.
      changes.add(new RowChange.Upsert(TABLE, List.of("-1"), null));
      for (int i = 0; i < Changes.MOST_IN_MEMORY; i++) {
        changes.add(new RowChange.Delete(TABLE, List.of("" + i)));
        changes.add(new RowChange.Upsert(TABLE, List.of(i + "x"), List.of("" + i)));
      }
      List<RowChange> firstOfChunks = new ArrayList<>();
      changes.forEachChunk(chunk -> firstOfChunks.add(chunk.getFirst()));
      assertThat(firstOfChunks).hasSizeGreaterThan(1).noneMatch(RowChange::continues);
    }
  }
}
