package dev.freshet.gateway.routing;

/** A routes file can't be used; the message says where, what and what to do. */
public final class RoutesInvalid extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RoutesInvalid(String message) {
    super(message);
  }
}
