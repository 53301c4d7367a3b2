package dev.freshet.gateway.wire;

import java.io.IOException;

/** A backend's answer can't be passed on: not as HTTP, or not within the limits. */
public final class UnreadableAnswer extends IOException {

  private static final long serialVersionUID = 1L;

  private final boolean isTooLarge;

  private UnreadableAnswer(String message, boolean isTooLarge) {
    super(message);
    this.isTooLarge = isTooLarge;
  }

  /**
   * One that breaks the protocol.
   *
   * @param message what is wrong with it, for clients to read
   */
  static UnreadableAnswer of(String message) {
    return new UnreadableAnswer(message, false);
  }

  /** One whose head is too large. */
  static UnreadableAnswer tooLarge(int headBytes) {
    return new UnreadableAnswer(
        "its status line and headers are longer than %,d bytes (--max-answer-headers)"
            .formatted(headBytes),
        true);
  }

  /** Where it was read is always the same place. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }

  /** Whether it is only larger than the gateway takes, which says nothing of the instance. */
  public boolean isTooLarge() {
    return isTooLarge;
  }
}
