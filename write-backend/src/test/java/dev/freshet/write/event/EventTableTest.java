package dev.freshet.write.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTableTest {

  @Test
  void sampleHasWhatIsPrinted() throws IOException {
    assertThat(Files.readString(Path.of("../infra/bank/schema/V1__events.sql")))
        .endsWith(new EventTable("event").sql());
  }

  @Test
  void tableMayBeInASchemaOfItsOwn() {
    assertThat(new EventTable("bank.event").sql())
        .contains("create table bank.event (")
        .contains("on bank.event for each row execute function bank.event_is_append_only()")
        .doesNotContain("$" + "{");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Event", "a;b", "a.b.c", "a b", "\"a\"", "1a"})
  void otherNamesAreRefused(String name) {
    assertThatThrownBy(() -> new EventTable(name)).hasMessageContaining("write it in lower case");
  }
}
