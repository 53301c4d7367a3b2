package dev.freshet.sync.capture;

import java.net.InetAddress;
import java.net.Socket;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import javax.net.SocketFactory;

/**
 * Makes sockets that can be waited on, and remembers which of a name are open. Public, as pgjdbc
 * makes it by reflection, with the name as its only argument.
 */
public final class AwaitableSocketFactory extends SocketFactory {

  /**
   * The sockets of each name, the latest first: Debezium opens the replication connection again
   * while it looks for its place, and others beside it for a moment, by the same settings.
   */
  private static final Map<String, Deque<AwaitableSocket>> SOCKETS = new ConcurrentHashMap<>();

  private final String name;

  /** For connections of this name. */
  public AwaitableSocketFactory(String name) {
    this.name = name;
  }

  /** The latest socket of a name that is open. */
  static Optional<AwaitableSocket> open(String name) {
    Deque<AwaitableSocket> sockets = SOCKETS.getOrDefault(name, new ConcurrentLinkedDeque<>());
    sockets.removeIf(Socket::isClosed);
    return Optional.ofNullable(sockets.peekFirst());
  }

  static void forget(String name) {
    SOCKETS.remove(name);
  }

  @Override
  public Socket createSocket() {
    AwaitableSocket socket = new AwaitableSocket();
    SOCKETS.computeIfAbsent(name, first -> new ConcurrentLinkedDeque<>()).addFirst(socket);
    return socket;
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("pgjdbc connects its sockets itself.");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    return createSocket(host, port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    return createSocket(host.getHostName(), port);
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress local, int localPort) {
    return createSocket(address, port);
  }
}
