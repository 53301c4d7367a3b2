package dev.freshet.gateway.pool;

import dev.freshet.gateway.wire.BackendWire;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/**
 * Connections to one instance. Each event loop has a pool of its own, so that a request and its
 * answer stay on the loop that the client's connection is on.
 */
public final class Connections implements AutoCloseable {

  static final int MOST_A_LOOP = 250;

  private static final int MOST_WEB_SOCKETS_A_LOOP = 2_000;

  /** Below the usual keep-alive of backends (5 s), so that the gateway is the one to close. */
  private static final Duration IDLE = Duration.ofSeconds(4);

  /** After a change of certificates nobody uses those that were made with the old ones. */
  private static final Duration UNUSED_POOL = Duration.ofMinutes(1);

  private static final Duration CLOSED_WITHIN = Duration.ofSeconds(2);

  private final Endpoint endpoint;
  private final Transport transport;
  private final Duration connectTimeout;
  private final LoopResources loops;
  private final ConnectionProvider provider;
  private final ConnectionProvider ofWebSockets;
  private final Map<EventLoop, Lane> lanes = new ConcurrentHashMap<>();

  /**
   * The connections on one event loop.
   *
   * @param client knows the instance's address; a request needs only a path
   * @param webSockets the same for WebSockets, which keep theirs and must not take those of
   *     requests
   * @param movable requests that may go to another instance, and are told that they should
   * @param edition of the transport that the clients are made for
   */
  public record Lane(
      EventLoop loop,
      HttpClient client,
      HttpClient webSockets,
      Set<Runnable> movable,
      int edition) {}

  /**
   * Connects to nobody yet.
   *
   * @param wire how answers are read
   * @param loops where requests go that come by no event loop
   * @throws IllegalArgumentException when the files of its TLS can't be used
   */
  public Connections(
      InstanceSpec spec, Duration connectTimeout, BackendWire wire, LoopResources loops) {
    this.endpoint = spec.endpoint();
    this.transport = new Transport(endpoint, wire);
    this.connectTimeout = connectTimeout;
    this.loops = loops;
    this.provider =
        ConnectionProvider.builder(spec.id())
            .maxConnections(MOST_A_LOOP)
            .pendingAcquireMaxCount(Slots.WAITING_FOR_EACH * MOST_A_LOOP)
            .pendingAcquireTimeout(Slots.PATIENCE)
            .maxIdleTime(IDLE)
            .evictInBackground(IDLE)
            .disposeInactivePoolsInBackground(UNUSED_POOL, UNUSED_POOL)
            .lifo()
            .build();
    this.ofWebSockets =
        ConnectionProvider.builder(spec.id() + "-websockets")
            .maxConnections(MOST_WEB_SOCKETS_A_LOOP)
            .pendingAcquireMaxCount(1)
            .pendingAcquireTimeout(Slots.PATIENCE)
            .build();
  }

  /**
   * The connections of an event loop.
   *
   * @param loop that a request comes by; null for any
   */
  public Lane on(@Nullable EventLoop loop) {
    EventLoop its = loop == null ? loops.onClient(LoopResources.DEFAULT_NATIVE).next() : loop;
    Lane known = lanes.get(its);
    return known != null && known.edition() == transport.edition()
        ? known
        : lanes.compute(its, this::open);
  }

  /**
   * A client of the gateway's own, for what it asks the instance itself.
   *
   * @param client knows neither the instance nor how it is spoken to
   */
  HttpClient own(HttpClient client) {
    return transport.ofRequests(client.baseUrl(endpoint.url().toString()));
  }

  /** Nothing is expected of the instance any more; who can, asks another one. */
  void abandon() {
    lanes
        .values()
        .forEach(lane -> lane.loop().execute(() -> lane.movable().forEach(Runnable::run)));
  }

  private Lane open(EventLoop loop, @Nullable Lane before) {
    int edition = transport.edition();
    if (before != null && before.edition() == edition) {
      return before;
    }
    return new Lane(
        loop,
        transport.ofRequests(client(provider, loop)),
        transport.ofWebSockets(client(ofWebSockets, loop)),
        before == null ? ConcurrentHashMap.newKeySet() : before.movable(),
        edition);
  }

  private HttpClient client(ConnectionProvider connections, EventLoop loop) {
    return HttpClient.create(connections)
        .runOn(loop)
        .remoteAddress(
            () -> InetSocketAddress.createUnresolved(endpoint.url().getHost(), endpoint.port()))
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(connectTimeout.toMillis()))
        // By default the client resends once on a reset connection: a write might happen twice.
        .disableRetry(true);
  }

  @Override
  public void close() {
    // Waited for: the event loops may be next.
    provider.disposeLater().and(ofWebSockets.disposeLater()).block(CLOSED_WITHIN);
    transport.close();
  }
}
