package dev.freshet.sync.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.junit.jupiter.api.Test;

class LogicalMessageTest {

  private static final Schema MESSAGE =
      SchemaBuilder.struct()
          .field("prefix", Schema.STRING_SCHEMA)
          .field("content", Schema.BYTES_SCHEMA)
          .build();
  private static final Schema VALUE =
      SchemaBuilder.struct()
          .name("io.debezium.connector.postgresql.MessageValue")
          .field("message", MESSAGE)
          .build();

  private static Struct message(String prefix, String content) {
    return new Struct(VALUE)
        .put(
            "message",
            new Struct(MESSAGE)
                .put("prefix", prefix)
                .put("content", content.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void messageOfAWriteSaysItsTrace() {
    Struct message = message("freshet.trace", "00-ab-cd-01");
    assertThat(LogicalMessage.is(message)).isTrue();
    assertThat(LogicalMessage.trace(message)).contains("00-ab-cd-01");
  }

  @Test
  void pingsMessagesOfOthersAndWhatIsTooLongForATraceSayNone() {
    assertThat(LogicalMessage.trace(message("freshet", ""))).isEmpty();
    assertThat(LogicalMessage.trace(message("outbox", "00-ab-cd-01"))).isEmpty();
    assertThat(LogicalMessage.trace(message("freshet.trace", "0".repeat(129)))).isEmpty();
  }
}
