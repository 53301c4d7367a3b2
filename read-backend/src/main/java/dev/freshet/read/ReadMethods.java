package dev.freshet.read;

import org.springframework.http.HttpMethod;

/** The methods that read. */
final class ReadMethods {

  /** GET, whose query may stand in its content (RFC 10008). */
  static final HttpMethod QUERY = HttpMethod.valueOf("QUERY");

  /** As {@code Allow} tells them. */
  static final String ALL = "GET, HEAD, QUERY, OPTIONS";

  private ReadMethods() {}
}
