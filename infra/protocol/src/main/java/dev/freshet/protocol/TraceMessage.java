package dev.freshet.protocol;

/**
 * By which a transaction says what trace it is part of: a logical message in it, whose content is
 * the {@code traceparent} (W3C Trace Context) of the span that wrote. It is decoded with the
 * transaction, and gone when that is rolled back.
 */
public final class TraceMessage {

  /** The message's prefix. */
  public static final String PREFIX = "freshet.trace";

  /** More is not taken for one. */
  public static final int LONGEST_BYTES = 128;

  /** The statement that writes it; binds one text, a {@code traceparent}. */
  public static final String SQL =
      "select pg_logical_emit_message(true, '%s', ?::text)".formatted(PREFIX);

  private TraceMessage() {}
}
