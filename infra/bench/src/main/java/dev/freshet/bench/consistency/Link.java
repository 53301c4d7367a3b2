package dev.freshet.bench.consistency;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A network's link to a port: passes TCP connections on, and what comes back from there later by a
 * delay; and nothing at all while it is cut.
 */
final class Link implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MOST_UNDER_WAY = 10_000;
  private static final Duration MENDED_WITHIN = Duration.ofMillis(5);

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile long delayNanos;
  private volatile boolean cut;

  /**
   * Listens at once.
   *
   * @param target a port of this machine
   */
  Link(int port, int target) throws IOException {
    this.server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    Thread.ofVirtual().start(this::accept);
  }

  void delay(Duration delay) {
    delayNanos = delay.toNanos();
  }

  /** Nothing passes, and nobody is told, until it is mended. */
  void cut(boolean now) {
    cut = now;
  }

  /** Breaks all connections, as a firewall that restarts does. */
  void reset() {
    open.forEach(Link::close);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private void connect(Socket client) {
    try {
      awaitMended();
      Socket there = new Socket(InetAddress.getLoopbackAddress(), target);
      open.add(client);
      open.add(there);
      client.setTcpNoDelay(true);
      there.setTcpNoDelay(true);
      Thread.ofVirtual().start(() -> pass(client, there));
      Thread.ofVirtual().start(() -> passLater(there, client));
    } catch (IOException e) {
      close(client); // nobody listens there
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  private void awaitMended() {
    while (cut && !server.isClosed()) {
      LockSupport.parkNanos(MENDED_WITHIN.toNanos());
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from;
        to) {
      for (int read = from.getInputStream().read(buffer);
          read >= 0;
          read = from.getInputStream().read(buffer)) {
        awaitMended();
        to.getOutputStream().write(buffer, 0, read);
      }
    } catch (IOException e) {
      // One of the two has ended, and so does the other.
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  /** Bytes that came at a moment; none at the end. */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  private record Part(byte[] bytes, long nanos) {}

  private void passLater(Socket from, Socket to) {
    BlockingQueue<Part> underWay = new ArrayBlockingQueue<>(MOST_UNDER_WAY);
    Thread.ofVirtual().start(() -> write(underWay, to));
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from) {
      InputStream in = from.getInputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        underWay.put(new Part(Arrays.copyOf(buffer, read), System.nanoTime()));
      }
    } catch (IOException e) {
      // Ended; what is under way still arrives.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      end(underWay);
    }
  }

  private static void end(BlockingQueue<Part> underWay) {
    try {
      underWay.put(new Part(new byte[0], System.nanoTime()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(BlockingQueue<Part> underWay, Socket to) {
    try (to) {
      OutputStream out = to.getOutputStream();
      for (Part part = underWay.take(); part.bytes().length > 0; part = underWay.take()) {
        LockSupport.parkNanos(part.nanos() + delayNanos - System.nanoTime());
        awaitMended();
        out.write(part.bytes());
        out.flush();
      }
    } catch (IOException e) {
      // The other side has ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    reset();
  }
}
