package dev.freshet.protocol;

import java.util.regex.Pattern;

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

  private static final Pattern TRACE_PARENT = Pattern.compile("[0-9a-f-]{55}");

  private TraceMessage() {}

  /**
   * The statement that writes it.
   *
   * @param traceParent as in the header of this name
   * @throws IllegalArgumentException when it can't be one
   */
  public static String sql(String traceParent) {
    if (!TRACE_PARENT.matcher(traceParent).matches()) {
      throw new IllegalArgumentException("'%s' is no traceparent".formatted(traceParent));
    }
    return "select pg_logical_emit_message(true, '%s', '%s')".formatted(PREFIX, traceParent);
  }
}
