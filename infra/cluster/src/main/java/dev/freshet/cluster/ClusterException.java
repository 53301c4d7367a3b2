package dev.freshet.cluster;

/**
 * The cluster can't start or go on; the message says why and what to do, in one or two sentences.
 */
public final class ClusterException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ClusterException(String message) {
    super(message);
  }

  ClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
