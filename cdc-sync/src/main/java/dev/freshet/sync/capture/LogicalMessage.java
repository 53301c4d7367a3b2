package dev.freshet.sync.capture;

import dev.freshet.protocol.TraceMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.connect.data.Struct;

/** What is written into the source's log beside rows: pings, and what others put there. */
final class LogicalMessage {

  private static final String SCHEMA = "io.debezium.connector.postgresql.MessageValue";

  private LogicalMessage() {}

  /** Whether a captured value is one. */
  static boolean is(Struct value) {
    return value.schema().name().equals(SCHEMA);
  }

  /** The trace that its transaction says it is part of; empty when it says something else. */
  static Optional<String> trace(Struct value) {
    Struct message = value.getStruct("message");
    if (!TraceMessage.PREFIX.equals(message.getString("prefix"))) {
      return Optional.empty();
    }
    ByteBuffer content = ByteBuffer.wrap(message.getBytes("content"));
    return content.remaining() <= TraceMessage.LONGEST_BYTES
        ? Optional.of(StandardCharsets.US_ASCII.decode(content).toString())
        : Optional.empty();
  }
}
