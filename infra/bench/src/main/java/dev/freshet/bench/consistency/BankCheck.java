package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.await;
import static dev.freshet.bench.consistency.Servers.query;

import dev.freshet.bench.http.HttpCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Clients move money between a few accounts that are kept as events, each request again and again
 * with its idempotency key until it is answered, while what serves them is killed and the primary
 * is replaced. In the end no money may be made or lost, and a subscriber has each event once.
 */
public final class BankCheck {

  private static final int CLIENTS = 8;
  private static final int ACCOUNTS = 5;
  private static final int DEPOSIT = 1_000;

  /** One in so many transfers is sent by all clients, with one key. */
  private static final int COMMON = 4;

  private static final Duration CALM = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofMillis(25);

  /** Who waits for a batch of a store looks when it is over; one more client looks all the time. */
  private static final Duration STORE_PACE = Duration.ofMillis(30);

  private static final JsonMapper JSON = new JsonMapper();

  private final PrintStream out;
  private final long seed;
  private final int ports;
  private final Topology topology;
  private final boolean isCalm;
  private final Map<String, Path> mutants;

  private final List<String> violations = new CopyOnWriteArrayList<>();
  private final Map<String, Transfer> transfers = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> opened = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final AtomicBoolean idle = new AtomicBoolean();
  private final AtomicInteger busy = new AtomicInteger();

  /**
   * Prepares a check.
   *
   * @param seed of all that is random but the threads
   * @param ports the first of a hundred free ports
   * @param topology by which way changes get to copies
   * @param isCalm whether nothing is killed
   * @param mutants by part, folders of classes that are found before the part's own
   */
  public BankCheck(
      PrintStream out,
      long seed,
      int ports,
      Topology topology,
      boolean isCalm,
      Map<String, Path> mutants) {
    this.out = out;
    this.seed = seed;
    this.ports = ports;
    this.topology = topology;
    this.isCalm = isCalm;
    this.mutants = Map.copyOf(mutants);
  }

  /**
   * Runs it.
   *
   * @return what was promised and did not happen, a line each
   */
  public List<String> run() throws Exception {
    out.printf("Seed %d%n", seed);
    Path folder = Files.createTempDirectory("freshet-bank-");
    try (WholeSystem system =
            new WholeSystem(
                folder, ports, mutants, WholeSystem.Wiring.DIRECT, topology, Sample.BANK);
        Subscriber subscriber = new Subscriber(system.gateway() + "/events")) {
      open(system);
      Thread.ofVirtual().start(subscriber);
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int number = i;
        clients.add(Thread.ofVirtual().start(() -> move(system.gateway(), number)));
      }
      if (topology == Topology.STORE) {
        clients.add(Thread.ofVirtual().start(() -> look(system.gateway())));
      }
      try {
        strike(system);
      } finally {
        stopped.set(true);
        idle.set(false);
        for (Thread client : clients) {
          client.join();
        }
      }
      replayAll(system);
      requireEqual(system, subscriber);
    }
    ConsistencyCheck.delete(folder);
    new TreeMap<>(counts).forEach((what, count) -> out.printf("%s: %d%n", what, count.get()));
    violations.forEach(out::println);
    return violations;
  }

  private void violated(String promise, String what) {
    violations.add(promise + ": " + what);
  }

  private void count(String what) {
    counts.computeIfAbsent(what, key -> new AtomicInteger()).incrementAndGet();
  }

  private static void open(WholeSystem system) throws Exception {
    HttpCalls calls = new HttpCalls(PATIENCE);
    for (int i = 0; i < ACCOUNTS; i++) {
      String account = system.gateway() + "/accounts/a" + i;
      requireDone(calls.send("PUT", account, "{\"owner\":\"O\"}"));
      requireDone(calls.send("POST", account + "/deposits", "{\"amount\":%d}".formatted(DEPOSIT)));
    }
  }

  private static void requireDone(HttpResponse<String> answer) {
    if (answer.statusCode() >= 300) {
      throw new IllegalStateException(answer.body());
    }
  }

  /** What serves the clients is killed, part by part, and the primary is replaced. */
  private void strike(WholeSystem system) throws Exception {
    Map<String, BankBlows.Blow> blows = new BankBlows(system, idle, busy).of(topology, isCalm);
    for (Map.Entry<String, BankBlows.Blow> blow : blows.entrySet()) {
      LockSupport.parkNanos(Duration.ofMillis(1_500).toNanos());
      out.println(blow.getKey());
      blow.getValue().strike();
    }
    LockSupport.parkNanos((isCalm ? CALM : Duration.ofSeconds(2)).toNanos());
  }

  /** One client. */
  private void move(String gateway, int number) {
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
    Random random = new Random(seed + number);
    String token = "";
    try {
      for (int i = 0; !stopped.get(); i++) {
        if (idle.get()) {
          LockSupport.parkNanos(AGAIN.toNanos());
          continue;
        }
        busy.incrementAndGet();
        try {
          if (!idle.get()) {
            if (i % COMMON == 0) {
              openOnce(calls, gateway, "x" + i / COMMON);
            }
            Transfer transfer = transfer(random, number, i);
            token = greatest(token, settle(calls, gateway, transfer, token));
            seesItsOwn(calls, gateway, transfer, token);
          }
        } finally {
          busy.decrementAndGet();
        }
        lookAt(calls, gateway, token);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of whatever place, the sum is the same. */
  private void look(String gateway) {
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
    try {
      while (!stopped.get()) {
        lookAt(calls, gateway, "");
        LockSupport.parkNanos(STORE_PACE.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String greatest(String one, String other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private Transfer transfer(Random random, int client, int number) {
    boolean isCommon = number % COMMON == 0;
    String key = isCommon ? "all-" + number : client + "-" + number;
    return transfers.computeIfAbsent(
        key,
        made -> {
          Random of = isCommon ? new Random(seed ^ number) : random;
          int from = of.nextInt(ACCOUNTS);
          int to = (from + 1 + of.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
          return new Transfer(
              made,
              "{\"from\":\"a%d\",\"to\":\"a%d\",\"amount\":%d.%02d}"
                  .formatted(from, to, of.nextInt(DEPOSIT / 5), 1 + of.nextInt(99)));
        });
  }

  /** Sends it until it is answered; gives the token of that answer. */
  private String settle(HttpCalls calls, String gateway, Transfer transfer, String token)
      throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      try {
        HttpResponse<String> answer =
            calls.send(
                "POST",
                gateway + "/transfers",
                transfer.body(),
                "Idempotency-Key",
                transfer.key(),
                "Freshet-Session",
                token);
        String code = answer.statusCode() == 200 ? "done" : code(answer);
        count("answered " + code);
        if (answer.statusCode() == 200) {
          if (!transfer.isAnswered(answer.body())) {
            violated(
                "REPLAYS_ANSWER_THE_SAME",
                "%s: %s, and %s before"
                    .formatted(transfer.key(), answer.body(), transfer.answered()));
          }
          return answer.headers().firstValue("Freshet-Session").orElse("");
        }
        switch (code) {
          case "not-enough" -> {
            return "";
          }
          case "idempotency-mismatch", "position-lost", "bad-session", "internal" -> {
            violated("NO_STRANGE_ANSWERS", transfer.key() + ": " + answer.body());
            return "";
          }
          default -> LockSupport.parkNanos(AGAIN.toNanos());
        }
      } catch (IOException e) {
        count("broken connections");
        LockSupport.parkNanos(AGAIN.toNanos());
      }
    }
    violated("EVERYTHING_IS_ANSWERED", transfer.key() + " was not answered in " + PATIENCE);
    return "";
  }

  private static String code(HttpResponse<String> answer) {
    return answer.body().replaceFirst("(?s).*\"code\":\"([^\"]+)\".*", "$1");
  }

  /** All clients write the same version of the same stream. */
  private void openOnce(HttpCalls calls, String gateway, String account)
      throws InterruptedException {
    try {
      HttpResponse<String> answer =
          calls.send("PUT", gateway + "/accounts/" + account, "{\"owner\":\"O\"}");
      if (answer.statusCode() == 201) {
        AtomicInteger times = opened.computeIfAbsent(account, key -> new AtomicInteger());
        if (times.incrementAndGet() > 1) {
          violated("A_VERSION_IS_WRITTEN_ONCE", account + " was opened twice");
        }
      }
    } catch (IOException e) {
      count("broken connections");
    }
  }

  /** What it has written is there, at whichever copy answers. */
  private void seesItsOwn(HttpCalls calls, String gateway, Transfer transfer, String token)
      throws InterruptedException {
    String answered = transfer.answered();
    if (answered == null) {
      return;
    }
    JsonNode written = JSON.readTree(answered);
    try {
      HttpResponse<String> answer =
          calls.send(
              "GET",
              gateway + "/balance/" + written.get("account").asString(),
              "",
              "Freshet-Session",
              token);
      if (answer.statusCode() == 200) {
        count("own writes read");
        if (JSON.readTree(answer.body()).get("version").asLong()
            < written.get("version").asLong()) {
          violated("READ_YOUR_WRITES", "%s after %s".formatted(answer.body(), answered));
        }
      }
    } catch (IOException e) {
      count("broken connections");
    }
  }

  /** On whichever copy answers, at the position that was answered or later. */
  private void lookAt(HttpCalls calls, String gateway, String token) throws InterruptedException {
    try {
      // A search store adds nothing up.
      boolean isAdded = topology != Topology.STORE;
      String path = isAdded ? "/balance?select=sum:balance.sum()" : "/balance?select=sum:balance";
      HttpResponse<String> answer = calls.send("GET", gateway + path, "", "Freshet-Session", token);
      if (answer.statusCode() == 200) {
        String source = answer.headers().firstValue("Freshet-Source").orElse("");
        count("sums read from " + source.replaceFirst(".*kind=([^;]+).*", "$1"));
        BigDecimal sum =
            JSON.readTree(answer.body())
                .valueStream()
                .map(row -> row.get("sum").decimalValue())
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        if (sum.compareTo(BigDecimal.valueOf((long) ACCOUNTS * DEPOSIT)) != 0) {
          violated("MONEY_IS_NEITHER_MADE_NOR_LOST", "%s says %s".formatted(source, sum));
        }
      }
    } catch (IOException e) {
      count("broken connections");
    }
  }

  /** Each that was done is answered as before. */
  private void replayAll(WholeSystem system) throws Exception {
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
    for (Transfer transfer : transfers.values()) {
      if (transfer.isDone()) {
        settle(calls, system.gateway(), transfer, "");
      }
    }
  }

  private void requireEqual(WholeSystem system, Subscriber subscriber) throws Exception {
    long done = transfers.values().stream().filter(Transfer::isDone).count();
    String written =
        query(
            system.primary(),
            "select count(*) filter (where type = 'Sent') || ' ' || count(*) filter (where type = 'Received') from event");
    if (!written.equals(done + " " + done)) {
      violated(
          "NOTHING_IS_LOST_OR_DOUBLED", "%d transfers done, %s written".formatted(done, written));
    }
    String gaps =
        query(
            system.primary(),
            "select coalesce(string_agg(stream, ' '), '') from (select stream from event group by stream having count(*) <> max(version) or min(version) <> 1) g");
    if (!gaps.isEmpty()) {
      violated("STREAMS_HAVE_NO_GAPS", gaps);
    }
    for (String account : opened.keySet()) {
      if (!query(system.primary(), "select count(*) from event where stream = '" + account + "'")
          .equals("1")) {
        violated("NOTHING_IS_LOST_OR_DOUBLED", account + " was opened, and is not there");
      }
    }
    int events = Integer.parseInt(query(system.primary(), "select count(*) from event"));
    try {
      await("the subscriber has everything", () -> subscriber.events().size() >= events);
    } catch (IllegalStateException e) {
      violated(
          "SUBSCRIBERS_GET_EACH_EVENT_ONCE",
          "%d of %d after a while".formatted(subscriber.events().size(), events));
    }
    requireToldOnce(system, subscriber);
    counts.put("subscriber's connections", new AtomicInteger(subscriber.connections()));
    counts.put("events told", new AtomicInteger(subscriber.events().size()));
    counts.put("transfers done", new AtomicInteger((int) done));
  }

  private void requireToldOnce(WholeSystem system, Subscriber subscriber) throws Exception {
    subscriber.refusals().forEach(refusal -> violated("SUBSCRIBERS_CAN_GO_ON", refusal));
    Set<String> told = new HashSet<>();
    Map<String, Long> versions = new HashMap<>();
    Map<String, Integer> ofTransaction = new LinkedHashMap<>();
    for (JsonNode event : subscriber.events()) {
      String stream = event.get("stream").asString();
      long version = event.get("version").asLong();
      if (!told.add(stream + " " + version)) {
        violated("SUBSCRIBERS_GET_EACH_EVENT_ONCE", "twice: " + event);
      }
      if (versions.merge(stream, version, (before, now) -> now == before + 1 ? now : -1) < 0) {
        violated("EVENTS_COME_IN_ORDER", event.toString());
      }
      String type = event.get("type").asString();
      if (type.equals("Sent") || type.equals("Received")) {
        ofTransaction.merge(event.get("position").asString(), 1, Integer::sum);
      }
    }
    ofTransaction.forEach(
        (position, count) -> {
          if (count != 2) {
            violated("TRANSACTIONS_COME_WHOLE", count + " events of the transfer at " + position);
          }
        });
    String missing =
        query(
            system.primary(),
            "select count(*) from event where stream || ' ' || version <> all ('{%s}')"
                .formatted(
                    told.stream()
                        .map(one -> '"' + one + '"')
                        .reduce((a, b) -> a + "," + b)
                        .orElse("")));
    if (!missing.equals("0")) {
      violated("SUBSCRIBERS_GET_EACH_EVENT_ONCE", missing + " were not told");
    }
  }
}
