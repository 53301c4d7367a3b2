package dev.freshet.gateway.pool;

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
  private final @Nullable WatchedTls requests;
  private final @Nullable WatchedTls webSockets;

  Transport(Endpoint endpoint) {
    this.endpoint = endpoint;
    PemFiles files = Objects.requireNonNullElse(endpoint.tls(), OF_THE_JVM);
    boolean http2 = endpoint.protocol() == Endpoint.Protocol.H2;
    this.requests = endpoint.isSecure() ? WatchedTls.ofClient(files, http2) : null;
    this.webSockets = endpoint.isSecure() && http2 ? WatchedTls.ofClient(files, false) : requests;
  }

  /** What changes whenever clients have to be made anew. */
  int edition() {
    return requests == null ? 0 : requests.edition();
  }

  /** A client that sends requests so. */
  HttpClient ofRequests(HttpClient client) {
    HttpClient speaking =
        switch (endpoint.protocol()) {
          case HTTP_1_1 -> client.protocol(HttpProtocol.HTTP11);
          case H2 -> client.protocol(HttpProtocol.H2, HttpProtocol.HTTP11);
          case H2C -> client.protocol(HttpProtocol.H2C);
        };
    return secured(speaking, requests);
  }

  /** A client that opens WebSockets, which stay with HTTP/1.1. */
  HttpClient ofWebSockets(HttpClient client) {
    return secured(client.protocol(HttpProtocol.HTTP11), webSockets);
  }

  private static HttpClient secured(HttpClient client, @Nullable WatchedTls tls) {
    return tls == null ? client : client.secure(tls.current());
  }

  @Override
  public void close() {
    if (requests != null) {
      requests.close();
    }
    if (webSockets != null && webSockets != requests) {
      webSockets.close();
    }
  }
}
