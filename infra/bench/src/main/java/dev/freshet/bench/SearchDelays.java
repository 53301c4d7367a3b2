package dev.freshet.bench;

import dev.freshet.bench.http.HttpCalls;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** From a commit of an order until it is read in the read database, and found in the store. */
final class SearchDelays {

  private static final int WRITERS = 4;
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** How often each is asked for an order that is not there yet. */
  private static final Duration LOOK_AT_TABLE = Duration.ofNanos(500_000);

  private static final Duration LOOK_AT_STORE = Duration.ofMillis(10);

  /** Orders that are asked for at once; the store answers one request for all. */
  private static final int MOST_AT_ONCE = 500;

  private static final Pattern ID = Pattern.compile("\\[\\\\\"(\\d+)");

  private long next;

  /**
   * Goes on behind the orders that are there.
   *
   * @param orders how many
   */
  SearchDelays(long orders) {
    this.next = orders + 1;
  }

  /**
   * What was measured, in nanoseconds.
   *
   * @param searchable empty where no store was asked
   */
  record Delays(Histogram readable, Histogram searchable, long count) {}

  private record Committed(long id, long nanos) {}

  /** Which of these orders are there. */
  private interface Look {
    Set<Long> there(Collection<Long> ids) throws Exception;
  }

  /**
   * Writes at a rate, and waits until all is there.
   *
   * @param store its address; null where there is none
   */
  Delays measure(UpProcess up, @Nullable String store, int rate, int seconds) throws Exception {
    int transactions = rate * seconds / WRITERS * WRITERS;
    List<BlockingQueue<Committed>> queues = new ArrayList<>();
    Delays delays = new Delays(histogram(), histogram(), transactions);
    List<Thread> threads = new ArrayList<>();
    AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    try (Connection readDatabase = up.readDatabase(1);
        PreparedStatement row =
            readDatabase.prepareStatement("select 1 from read.orders where id = ?")) {
      Look table =
          ids -> {
            Set<Long> there = new HashSet<>();
            for (long id : ids) {
              row.setLong(1, id);
              try (ResultSet found = row.executeQuery()) {
                if (!found.next()) {
                  return there; // the later ones are not there either
                }
                there.add(id);
              }
            }
            return there;
          };
      threads.add(
          watcher(queue(queues), transactions, table, LOOK_AT_TABLE, delays.readable(), failure));
      if (store != null) {
        threads.add(
            watcher(
                queue(queues),
                transactions,
                inStore(store),
                LOOK_AT_STORE,
                delays.searchable(),
                failure));
      }
      long first = next;
      next += transactions;
      for (int w = 0; w < WRITERS; w++) {
        int writer = w;
        threads.add(
            Thread.ofPlatform()
                .start(
                    () ->
                        noting(
                            failure,
                            () -> write(up, first + writer, transactions, rate, writer, queues))));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    Exception failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    return delays;
  }

  private static Histogram histogram() {
    return new Histogram(LONGEST.toNanos(), 3);
  }

  private static BlockingQueue<Committed> queue(List<BlockingQueue<Committed>> all) {
    BlockingQueue<Committed> queue = new LinkedBlockingQueue<>();
    all.add(queue);
    return queue;
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void noting(AtomicReference<@Nullable Exception> failure, Work work) {
    try {
      work.run();
    } catch (Exception e) {
      failure.compareAndSet(null, e);
    }
  }

  private static Thread watcher(
      BlockingQueue<Committed> committed,
      int transactions,
      Look look,
      Duration again,
      Histogram delays,
      AtomicReference<@Nullable Exception> failure) {
    return Thread.ofPlatform()
        .start(
            () ->
                noting(
                    failure,
                    () -> {
                      Map<Long, Long> waiting = new LinkedHashMap<>();
                      for (int found = 0; found < transactions && failure.get() == null; ) {
                        take(committed, waiting);
                        for (long id : look.there(List.copyOf(waiting.keySet()))) {
                          long since = Objects.requireNonNull(waiting.remove(id));
                          delays.recordValue(
                              Math.clamp(System.nanoTime() - since, 0, LONGEST.toNanos()));
                          found++;
                        }
                        LockSupport.parkNanos(again.toNanos());
                      }
                    }));
  }

  /** Waits a moment for one, and takes what else was committed. */
  private static void take(BlockingQueue<Committed> committed, Map<Long, Long> waiting)
      throws InterruptedException {
    Committed one =
        waiting.isEmpty() ? committed.poll(100, TimeUnit.MILLISECONDS) : committed.poll();
    while (one != null) {
      waiting.put(one.id(), one.nanos());
      one = waiting.size() < MOST_AT_ONCE ? committed.poll() : null;
    }
  }

  /** By a search, as a read in real time would find what no search finds yet. */
  private static Look inStore(String store) {
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(30));
    return ids -> {
      if (ids.isEmpty()) {
        return Set.of();
      }
      HttpResponse<String> found =
          calls.send(
              "POST",
              store + "/freshet.model.orders/_search?filter_path=hits.hits._id",
              "{\"query\":{\"ids\":{\"values\":[%s]}},\"_source\":false,\"size\":%d}"
                  .formatted(
                      ids.stream()
                          .map("\"[\\\"%d\\\"]\""::formatted)
                          .collect(Collectors.joining(",")),
                      MOST_AT_ONCE),
              "Content-Type",
              "application/json");
      if (found.statusCode() != 200) {
        throw new IllegalStateException(found.body());
      }
      return ID.matcher(found.body())
          .results()
          .map(id -> Long.valueOf(id.group(1)))
          .collect(Collectors.toSet());
    };
  }

  /** One of several writers, which take turns; each commit is flushed, as is the default. */
  private static void write(
      UpProcess up,
      long first,
      int transactions,
      int rate,
      int writer,
      List<BlockingQueue<Committed>> queues)
      throws Exception {
    try (Connection connection = up.primary();
        PreparedStatement order =
            connection.prepareStatement(
                "insert into orders values (?, 'customer new', 'placed', now(), words(8))");
        PreparedStatement items =
            connection.prepareStatement(
                "insert into order_item select ?, l, 'dish ' || l, l from generate_series(1, 3) l")) {
      connection.setAutoCommit(false);
      long period = TimeUnit.SECONDS.toNanos(1) * WRITERS / rate;
      long due = System.nanoTime() + period * writer / WRITERS;
      for (int i = 0; i < transactions / WRITERS; i++) {
        LockSupport.parkNanos(due - System.nanoTime());
        due += period;
        long id = first + (long) i * WRITERS;
        order.setLong(1, id);
        order.executeUpdate();
        items.setLong(1, id);
        items.executeUpdate();
        connection.commit();
        Committed committed = new Committed(id, System.nanoTime());
        queues.forEach(queue -> queue.add(committed));
      }
    }
  }
}
