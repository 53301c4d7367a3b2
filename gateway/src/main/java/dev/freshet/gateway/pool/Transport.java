package dev.freshet.gateway.pool;

import dev.freshet.gateway.wire.BackendWire;
import dev.freshet.runtime.tls.PemFiles;
import dev.freshet.runtime.tls.WatchedTls;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;

/**
 * How an instance is spoken to: its protocol and, with TLS, what its files say at the moment. Where
 * the files change, clients that were made before go on as they are.
 */
final class Transport implements AutoCloseable {

  private static final PemFiles OF_THE_JVM = new PemFiles(null, null, null);

  private final Endpoint endpoint;
  private final BackendWire wire;
  private final @Nullable WatchedTls tls;

  Transport(Endpoint endpoint, BackendWire wire) {
    this.endpoint = endpoint;
    this.wire = wire;
    this.tls =
        endpoint.isSecure()
            ? WatchedTls.ofClient(
                Objects.requireNonNullElse(endpoint.tls(), OF_THE_JVM),
                endpoint.protocol() == Endpoint.Protocol.H2)
            : null;
  }

  /** What changes whenever clients have to be made again. */
  int edition() {
    return tls == null ? 0 : tls.edition();
  }

  /** A client that sends requests so. */
  HttpClient ofRequests(HttpClient client) {
    HttpClient speaking =
        switch (endpoint.protocol()) {
          case HTTP_1_1 -> client.protocol(HttpProtocol.HTTP11);
          case H2 -> client.protocol(HttpProtocol.H2, HttpProtocol.HTTP11);
          case H2C -> client.protocol(HttpProtocol.H2C);
        };
    return wire.strict(tls == null ? speaking : speaking.secure(tls.current()));
  }

  /** A client that opens WebSockets, which stay with HTTP/1.1. */
  HttpClient ofWebSockets(HttpClient client) {
    HttpClient speaking = client.protocol(HttpProtocol.HTTP11);
    return wire.strict(tls == null ? speaking : speaking.secure(tls.currentOfHttp11()));
  }

  @Override
  public void close() {
    if (tls != null) {
      tls.close();
    }
  }
}
