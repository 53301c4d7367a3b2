package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.Restaurant;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Clients that each place orders one after the other and read back what they placed. */
final class Load {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String gateway;
  private final int ordersPerClient;
  private final Duration pace;
  private final List<Thread> clients = new ArrayList<>();
  private final AtomicBoolean stopped = new AtomicBoolean();

  /** Locations of the orders that were acknowledged. */
  final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();

  /** What went wrong, where nothing was expected to. */
  final Queue<String> failures = new ConcurrentLinkedQueue<>();

  /** {@code Freshet-Source} of every read. */
  final Queue<String> sources = new ConcurrentLinkedQueue<>();

  /** Requests that never got an answer, as when everything is killed. */
  final AtomicInteger broken = new AtomicInteger();

  private Load(String gateway, int ordersPerClient, Duration pace) {
    this.gateway = gateway;
    this.ordersPerClient = ordersPerClient;
    this.pace = pace;
  }

  /** As many orders as clients get through. */
  static Load start(String gateway, int clients, int ordersPerClient) {
    return start(gateway, clients, ordersPerClient, Duration.ZERO);
  }

  /**
   * Orders at a pace.
   *
   * @param pace from one order of a client to its next; each is three requests
   */
  static Load start(String gateway, int clients, int ordersPerClient, Duration pace) {
    Load load = new Load(gateway, ordersPerClient, pace);
    for (int client = 0; client < clients; client++) {
      String name = "client-" + client;
      Thread thread = new Thread(() -> load.run(name), name);
      load.clients.add(thread);
      thread.start();
    }
    return load;
  }

  private void run(String name) {
    Restaurant restaurant = new Restaurant(gateway);
    long next = System.nanoTime();
    for (int i = 0; i < ordersPerClient && !stopped.get(); i++) {
      LockSupport.parkNanos(next - System.nanoTime());
      next += pace.toNanos();
      try {
        HttpResponse<String> placed = restaurant.placeOrder(name);
        if (placed.statusCode() != 201) {
          failures.add("write: " + placed.statusCode() + " " + placed.body());
          continue;
        }
        String order = placed.headers().firstValue("Location").orElseThrow();
        acknowledged.add(order);
        String token = placed.headers().firstValue("Freshet-Session").orElseThrow();
        HttpResponse<String> read = restaurant.get(order, "Freshet-Session", token);
        sources.add(read.headers().firstValue("Freshet-Source").orElse("none"));
        if (read.statusCode() != 200) {
          failures.add("read of one's own write: " + read.statusCode() + " " + read.body());
        }
        HttpResponse<String> board = restaurant.get("/board?limit=5");
        if (board.statusCode() != 200) {
          failures.add("board: " + board.statusCode() + " " + board.body());
        }
      } catch (IOException e) {
        broken.incrementAndGet();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Waits until every client has done its orders. */
  void await() throws InterruptedException {
    for (Thread client : clients) {
      client.join();
    }
  }

  /** Has every client end after the request that it is at. */
  void stop() throws InterruptedException {
    stopped.set(true);
    await();
  }

  /** Waits until so many orders were acknowledged. */
  void awaitOrders(int orders) {
    Instant end = Instant.now().plus(PATIENCE);
    while (acknowledged.size() < orders) {
      assertThat(Instant.now())
          .as("orders so far: %d; %s", acknowledged.size(), failures)
          .isBefore(end);
      LockSupport.parkNanos(5_000_000);
    }
  }
}
