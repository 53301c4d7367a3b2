package dev.freshet.gateway.routing;

/** What a route does when no copy is fresh enough in time. */
public enum Otherwise {
  /** Ask the primary. */
  PRIMARY,
  /** Answer from a copy that is behind, and say so. */
  STALE,
  /** Refuse. */
  FAIL
}
