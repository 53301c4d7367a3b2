package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadDatabaseTest {

  @Test
  void positionOfAModelAsksWhetherItIsLiveToo() {
    assertThat(ReadDatabase.positionSql("it's"))
        .contains("m.name = 'it''s' and m.state = 'live'")
        .contains("state = 'streaming' and exists")
        .endsWith("from freshet.position");
    assertThat(ReadDatabase.POSITION_SQL).doesNotContain("freshet.model");
  }
}
