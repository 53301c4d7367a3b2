package dev.freshet.sync.model;

/** Going on would lose rows, or can't work; the message says why and what to do. */
public class SyncRefused extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public SyncRefused(String message) {
    super(message);
  }

  public SyncRefused(String message, Throwable cause) {
    super(message, cause);
  }
}
