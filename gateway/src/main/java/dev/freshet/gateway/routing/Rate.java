package dev.freshet.gateway.routing;

import java.time.Duration;

/**
 * How many requests of one client a route takes.
 *
 * @param requests that it may have at once after a pause, and then in each {@code per}
 * @param by what tells clients apart
 */
public record Rate(int requests, Duration per, By by) {

  /** What tells clients apart. */
  public enum By {
    /** Who its token says it is from. */
    PRINCIPAL,
    /** The address that it comes from. */
    ADDRESS
  }
}
