package dev.freshet.bench.gateway;

import io.netty.handler.codec.http.HttpHeaderNames;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;

/** A proxy of Reactor Netty's server and client, as its guide would have it, and nothing else. */
public final class BareProxy {

  private static final int CONNECTIONS = 500;

  private BareProxy() {}

  /**
   * Forwards until it is killed.
   *
   * @param arguments its port and the origin's, on loopback
   */
  public static void main(String[] arguments) {
    HttpClient client =
        HttpClient.create(ConnectionProvider.create("origin", CONNECTIONS)).disableRetry(true);
    String origin = "http://127.0.0.1:" + arguments[1];
    HttpServer.create()
        .host("127.0.0.1")
        .port(Integer.parseInt(arguments[0]))
        .handle(
            (request, answer) ->
                client
                    .headers(
                        headers ->
                            headers.set(request.requestHeaders()).remove(HttpHeaderNames.HOST))
                    .request(request.method())
                    .uri(origin + request.uri())
                    .send(request.receive().retain())
                    .response(
                        (received, body) ->
                            answer
                                .status(received.status())
                                .headers(received.responseHeaders())
                                .send(Flux.from(body.retain()))))
        .bindNow(Duration.ofSeconds(30))
        .onDispose()
        .block();
  }
}
