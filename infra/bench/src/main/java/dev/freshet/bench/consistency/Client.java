package dev.freshet.bench.consistency;

import dev.freshet.bench.consistency.Key.Acknowledged;
import dev.freshet.bench.consistency.Ledger.Promise;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One client: it appends values to orders, reads orders back at every level, sometimes goes on with
 * another client's token besides its own, and knows what it must see.
 */
final class Client implements Runnable {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final Duration PAUSE = Duration.ofMillis(25);
  private static final int VALUES_AN_ORDER = 40;
  private static final int FLOOR_KEPT = 4;
  private static final List<String> LEVELS =
      List.of("session", "session", "session", "strong", "bounded;max-staleness=1", "eventual");
  private static final Pattern QUANTITY = Pattern.compile("\"quantity\": ?(\\d+)");

  private final String gateway;
  private final List<Key> keys;
  private final Ledger ledger;
  private final Random random;
  private final List<Client> others = new CopyOnWriteArrayList<>();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** What every session read must hold, the latest last. */
  private final Map<Key, Set<Integer>> floors = new HashMap<>();

  private String token = "";
  private volatile @Nullable Throwable failure;
  private volatile boolean stopped;
  private volatile boolean idle;

  /** How sessions are asked for: a control may ask for less than it checks. */
  private final String sessionLevel;

  /**
   * Prepares a client.
   *
   * @param keys orders that all clients share; new ones are added
   * @param sessionLevel the level asked for where session is checked
   */
  Client(String gateway, List<Key> keys, Ledger ledger, Random random, String sessionLevel) {
    this.gateway = gateway;
    this.keys = keys;
    this.ledger = ledger;
    this.random = random;
    this.sessionLevel = sessionLevel;
  }

  void knows(List<Client> all) {
    others.addAll(all);
    others.remove(this);
  }

  void stop() {
    stopped = true;
  }

  /** Does not write for a while; reads go on. */
  void idle(boolean now) {
    idle = now;
  }

  @Override
  public void run() {
    while (!stopped) {
      try {
        step();
      } catch (IOException e) {
        ledger.count("unavailable: connection");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        failure = e;
        return;
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** What ended the client before it was stopped; null when nothing did. */
  @Nullable Throwable failure() {
    return failure;
  }

  private synchronized void step() throws IOException, InterruptedException {
    Optional<Key> key = anyKey();
    if (random.nextInt(40) == 0 && !others.isEmpty()) {
      join(others.get(random.nextInt(others.size())));
    }
    if (key.isEmpty() || (!idle && random.nextInt(60) == 0)) {
      place();
    } else if (!idle && random.nextInt(10) < 3) {
      append(key.get());
      if (random.nextBoolean()) {
        read(key.get(), "session");
      }
    } else {
      read(key.get(), LEVELS.get(random.nextInt(LEVELS.size())));
    }
  }

  private Optional<Key> anyKey() {
    int size = keys.size();
    // The latest are the ones that are written to.
    return size == 0
        ? Optional.empty()
        : Optional.of(keys.get(size - 1 - random.nextInt(Math.min(size, 6))));
  }

  /** Goes on with another's token besides one's own: all that it saw is to be seen. */
  private void join(Client other) {
    Map<Key, Set<Integer>> theirs = new HashMap<>();
    String theirToken;
    // Never both at once, which might wait for each other.
    Snapshot taken = other.snapshot;
    theirs.putAll(taken.floors());
    theirToken = taken.token();
    if (theirToken.isEmpty()) {
      return;
    }
    token = token.isEmpty() ? theirToken : token + ", " + theirToken;
    theirs.forEach((key, values) -> floor(key).addAll(values));
    ledger.count("tokens handed on");
  }

  /** What others may take over, at one moment. */
  private record Snapshot(String token, Map<Key, Set<Integer>> floors) {}

  private volatile Snapshot snapshot = new Snapshot("", Map.of());

  private void publish() {
    Map<Key, Set<Integer>> copy = new HashMap<>();
    floors.forEach((key, values) -> copy.put(key, Set.copyOf(values)));
    snapshot = new Snapshot(token, copy);
  }

  private Set<Integer> floor(Key key) {
    return floors.computeIfAbsent(key, k -> new LinkedHashSet<>());
  }

  private void place() throws IOException, InterruptedException {
    HttpResponse<String> answer =
        send(
            "POST",
            "/orders",
            """
            {"kind":"takeaway","customer":"Ada","items":[{"sku":"margherita","quantity":%d}]}"""
                .formatted(Key.FIRST_VALUE),
            null);
    ledger.count("writes");
    if (answer.statusCode() == 201) {
      Matcher id = Pattern.compile("\"id\": ?\"([^\"]+)\"").matcher(answer.body());
      if (id.find()) {
        Key key = new Key(id.group(1));
        acknowledged(key, Key.FIRST_VALUE, answer);
        keys.add(key);
      }
    } else {
      failed(answer, "POST /orders");
    }
    publish();
  }

  private void append(Key key) throws IOException, InterruptedException {
    int value = key.nextValue();
    if (value > VALUES_AN_ORDER) {
      place();
      return;
    }
    HttpResponse<String> answer =
        send(
            "POST",
            "/orders/" + key.id() + "/items",
            "{\"sku\":\"margherita\",\"quantity\":%d}".formatted(value),
            null);
    ledger.count("writes");
    if (answer.statusCode() == 200) {
      acknowledged(key, value, answer);
    } else {
      failed(answer, "POST /orders/" + key.id() + "/items");
    }
    publish();
  }

  private void acknowledged(Key key, int value, HttpResponse<String> answer) {
    long now = System.nanoTime();
    String given = answer.headers().firstValue("Freshet-Session").orElse("");
    if (given.isEmpty()) {
      // Committed, and the primary was gone before it could be asked where.
      ledger.count("writes without a token");
      return;
    }
    advance(given, "a write");
    key.acknowledge(value, TokenPosition.of(given), now);
    addToFloor(key, value);
  }

  private void addToFloor(Key key, int value) {
    Set<Integer> floor = floor(key);
    floor.remove(value);
    floor.add(value);
    while (floor.size() > FLOOR_KEPT) {
      floor.remove(floor.iterator().next());
    }
  }

  /** Tokens are compared as the strings that clients see. */
  private void advance(String given, String by) {
    for (String held : token.split(", ", -1)) {
      if (!held.isEmpty() && head(given).compareTo(head(held)) < 0) {
        ledger.suspect(
            Promise.TOKENS_NEVER_GO_BACK,
            Optional.empty(),
            "%s gave %s where %s was held".formatted(by, head(given), head(held)));
      }
    }
    token = given;
  }

  private static String head(String token) {
    return token.split("\\.", -1)[0];
  }

  private void read(Key key, String level) throws IOException, InterruptedException {
    long started = System.nanoTime();
    String asked = level.equals("session") ? sessionLevel : level;
    String held = token;
    HttpResponse<String> answer = send("GET", "/orders/" + key.id(), "", asked);
    String source = answer.headers().firstValue("Freshet-Source").orElse("none");
    ledger.count("reads " + level.replaceFirst(";.*", ""));
    if (answer.statusCode() != 200 && answer.statusCode() != 404) {
      failed(answer, "GET /orders/" + key.id());
      publish();
      return;
    }
    ledger.count("from " + source.replaceFirst("^[^;]*;", "").replaceFirst(";waited-ms.*", ""));
    List<Integer> values = values(answer);
    if (!level.equals("eventual")) {
      for (int expected : floor(key)) {
        if (!values.contains(expected)) {
          missing(key, expected, values, source, held, Promise.MONOTONIC_READS, level);
        }
      }
    }
    if (level.equals("strong") || level.startsWith("bounded")) {
      long before = level.equals("strong") ? started : started - Duration.ofSeconds(1).toNanos();
      Promise promise = level.equals("strong") ? Promise.STRONG : Promise.BOUNDED;
      Set<Integer> seen = new HashSet<>(values);
      for (Acknowledged acknowledged : key.acknowledgedBefore(before)) {
        if (!seen.contains(acknowledged.value())) {
          missing(key, acknowledged.value(), values, source, held, promise, level);
        }
      }
    }
    answer.headers().firstValue("Freshet-Session").ifPresent(given -> advance(given, "a read"));
    if (!level.equals("eventual") && !values.isEmpty()) {
      addToFloor(key, values.getLast());
    }
    publish();
  }

  private void missing(
      Key key,
      int expected,
      List<Integer> values,
      String source,
      String held,
      Promise promise,
      String level) {
    Optional<TokenPosition> written =
        key.acknowledgedBefore(Long.MAX_VALUE).stream()
            .filter(a -> a.value() == expected)
            .map(Acknowledged::at)
            .findFirst();
    // A loss is told before the client goes on; what others lost is not this client's to see.
    boolean isOfSession = promise == Promise.MONOTONIC_READS;
    ledger.suspect(
        written.isPresent() && isOfSession ? Promise.READ_YOUR_WRITES : promise,
        isOfSession ? Optional.empty() : written,
        "order %s lacks %d (written at %s), got %s from %s at %s with %s"
            .formatted(key.id(), expected, written, values, source, level, head(held)));
  }

  private static List<Integer> values(HttpResponse<String> answer) {
    List<Integer> values = new ArrayList<>();
    if (answer.statusCode() == 200) {
      Matcher quantities = QUANTITY.matcher(answer.body());
      while (quantities.find()) {
        values.add(Integer.parseInt(quantities.group(1)));
      }
    }
    return values;
  }

  private void failed(HttpResponse<String> answer, String request) {
    int status = answer.statusCode();
    String code =
        answer
            .body()
            .replaceFirst("(?s).*\"code\":\"([^\"]+)\".*", "$1")
            .lines()
            .findFirst()
            .orElse("");
    if (status == 409 && code.equals("position-lost")) {
      for (String held : token.split(", ", -1)) {
        // One of several may be the lost one: the furthest is lost where any is.
        if (head(held).equals(furthest(token))) {
          ledger.lost(TokenPosition.of(held), request + " with " + head(held));
        }
      }
      floors.clear();
      token = answer.headers().firstValue("Freshet-Session").orElse("");
    } else if (status == 503 || status == 502 || status == 504 || status == 404) {
      ledger.count("unavailable: " + code);
    } else {
      ledger.suspect(
          Promise.NO_FALSE_REFUSAL,
          Optional.empty(),
          "%s answered %d %s".formatted(request, status, answer.body()));
    }
  }

  /** Of the earliest timeline's tokens the furthest: what a promotion loses is the end of those. */
  private static String furthest(String tokens) {
    List<String> heads = Arrays.stream(tokens.split(", ", -1)).map(Client::head).sorted().toList();
    String timeline = heads.getFirst().substring(0, 8);
    return heads.stream().filter(head -> head.startsWith(timeline)).toList().getLast();
  }

  private HttpResponse<String> send(String method, String path, String body, @Nullable String level)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(gateway + path))
            .timeout(TIMEOUT)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!token.isEmpty()) {
      request.header("Freshet-Session", token);
    }
    if (level != null) {
      request.header("Freshet-Consistency", level);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
