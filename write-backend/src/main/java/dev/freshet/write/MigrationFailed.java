package dev.freshet.write;

/** A write schema can't be brought to its newest migration; the message says why and what to do. */
public final class MigrationFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  MigrationFailed(String message) {
    super(message);
  }
}
