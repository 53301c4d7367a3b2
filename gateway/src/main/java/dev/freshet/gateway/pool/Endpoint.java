package dev.freshet.gateway.pool;

import dev.freshet.runtime.tls.PemFiles;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where an instance is, and how it is spoken to.
 *
 * @param url base URL, without a path
 * @param tls with an https URL, who the gateway is and whom it trusts; null for nobody in
 *     particular and whom the JVM trusts
 */
public record Endpoint(URI url, Protocol protocol, @Nullable PemFiles tls) {

  /** A protocol, by its identifier (RFC 7301, 6). */
  public enum Protocol {
    /** HTTP/1.1, with TLS or without. */
    HTTP_1_1("http/1.1"),
    /** HTTP/2 with TLS; a server that does not know it gets HTTP/1.1. */
    H2("h2"),
    /** HTTP/2 without TLS, without asking first. */
    H2C("h2c");

    private final String text;

    Protocol(String text) {
      this.text = text;
    }

    /** As the routes file has it. */
    public static Protocol parse(String text) {
      for (Protocol protocol : values()) {
        if (protocol.text.equals(text.toLowerCase(Locale.ROOT))) {
          return protocol;
        }
      }
      throw new IllegalArgumentException("'%s' is no protocol".formatted(text));
    }
  }

  /** One that is spoken to by HTTP/1.1. */
  public static Endpoint of(URI url) {
    return new Endpoint(url, Protocol.HTTP_1_1, null);
  }

  /** Whether it is reached by TLS. */
  public boolean isSecure() {
    return "https".equals(url.getScheme());
  }

  int port() {
    return url.getPort() >= 0 ? url.getPort() : isSecure() ? 443 : 80;
  }
}
