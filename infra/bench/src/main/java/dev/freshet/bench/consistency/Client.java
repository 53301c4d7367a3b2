package dev.freshet.bench.consistency;

import dev.freshet.bench.consistency.Key.Acknowledged;
import dev.freshet.bench.consistency.Ledger.Promise;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.protocol.TimelineHistory;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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
 * One client, which knows what it must see. A writer appends values to orders, reads orders back at
 * every level, and sometimes goes on with another client's token besides its own.
 */
final class Client implements Runnable {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final Duration PAUSE = Duration.ofMillis(25);
  private static final int VALUES_AN_ORDER = 40;

  /** A header has an end: where nothing is written, tokens are only added to. */
  private static final int MOST_TOKEN_CHARACTERS = 2_000;

  /** A promotion's history is known within ten seconds. */
  private static final int FINISHING_READS = 400;

  private static final String BY_KEY = "/orders/";
  private static final String BY_FILTER = "/orders?id=eq.";

  private static final List<String> LEVELS =
      List.of("session", "session", "session", "strong", "bounded;max-staleness=1", "eventual");

  private final String gateway;
  private final List<Key> keys;
  private final Ledger ledger;
  private final Random random;
  private final List<Client> others = new CopyOnWriteArrayList<>();
  private final HttpCalls calls = new HttpCalls(TIMEOUT);

  /** What every session read must hold, the latest last. */
  private final Map<Key, Set<Integer>> floors = new HashMap<>();

  /** What was acknowledged to this client since it was last told of a loss. */
  private final List<Written> written = new ArrayList<>();

  private String token = "";

  /**
   * Whether the last answer told of a loss: the token that came with it stands on what is there.
   */
  private boolean lossTold;

  private volatile Snapshot snapshot = new Snapshot("", Map.of());
  private volatile @Nullable Throwable failure;
  private volatile boolean stopped;
  private volatile boolean idle;
  private volatile boolean writing;

  /** How sessions are asked for: a control may ask for less than it checks. */
  private final String sessionLevel;

  private final Course course;

  /** What others may take over, at one moment. */
  private record Snapshot(String token, Map<Key, Set<Integer>> floors) {}

  /** A write that was acknowledged. */
  private record Written(Key key, Acknowledged what) {}

  /**
   * Prepares a client.
   *
   * @param keys orders that all clients share; new ones are added
   * @param sessionLevel the level asked for where session is checked
   */
  Client(
      String gateway,
      List<Key> keys,
      Ledger ledger,
      Random random,
      String sessionLevel,
      Course course) {
    this.gateway = gateway;
    this.keys = keys;
    this.ledger = ledger;
    this.random = random;
    this.sessionLevel = sessionLevel;
    this.course = course;
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

  /** Whether a write may be under way. */
  boolean isWriting() {
    return writing;
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

  private void step() throws IOException, InterruptedException {
    Optional<Key> key = anyKey();
    if (course == Course.READER) {
      if (key.isPresent()) {
        read(key.get(), "session", BY_KEY);
        read(key.get(), "session", BY_FILTER);
      }
      return;
    }
    // Said before it is asked whether it may: who then finds it not writing has stopped it.
    writing = true;
    boolean mayWrite = !idle;
    writing = mayWrite;
    try {
      step(key, mayWrite);
    } finally {
      writing = false;
    }
  }

  private void step(Optional<Key> key, boolean mayWrite) throws IOException, InterruptedException {
    if (random.nextInt(40) == 0 && !others.isEmpty()) {
      join(others.get(random.nextInt(others.size())));
    }
    if (key.isEmpty() || (mayWrite && random.nextInt(60) == 0)) {
      place();
    } else if (mayWrite && random.nextInt(10) < 3) {
      append(key.get());
      if (random.nextBoolean()) {
        read(key.get(), "session", anyPath());
      }
    } else {
      read(key.get(), LEVELS.get(random.nextInt(LEVELS.size())), anyPath());
    }
  }

  private String anyPath() {
    return random.nextInt(3) == 0 ? BY_FILTER : BY_KEY;
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
    Snapshot taken = other.snapshot;
    theirs.putAll(taken.floors());
    theirToken = taken.token();
    if (theirToken.isEmpty() || token.length() + theirToken.length() > MOST_TOKEN_CHARACTERS) {
      return;
    }
    token = token.isEmpty() ? theirToken : token + ", " + theirToken;
    lossTold = false;
    theirs.forEach((key, values) -> floor(key).addAll(values));
    ledger.count("tokens handed on");
  }

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
            "");
    ledger.count("writes");
    if (answer.statusCode() == 201) {
      Matcher id = Pattern.compile("\"id\": ?\"([^\"]+)\"").matcher(answer.body());
      if (id.find()) {
        Key key = new Key(id.group(1));
        if (acknowledged(key, Key.FIRST_VALUE, answer)) {
          keys.add(key);
        }
      }
    } else {
      failed(answer, "POST /orders", null);
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
            "");
    ledger.count("writes");
    if (answer.statusCode() == 200) {
      acknowledged(key, value, answer);
    } else {
      failed(answer, "POST /orders/" + key.id() + "/items", key);
    }
    publish();
  }

  /** Whether it can be checked from now on: there is a token. */
  private boolean acknowledged(Key key, int value, HttpResponse<String> answer) {
    long now = System.nanoTime();
    String given = answer.headers().firstValue("Freshet-Session").orElse("");
    if (given.isEmpty()) {
      ledger.suspect(
          Promise.WRITES_HAVE_TOKENS,
          Optional.empty(),
          "order %s, value %d: %d".formatted(key.id(), value, answer.statusCode()));
      return false;
    }
    advance(given, "a write");
    ledger.count("writes acknowledged");
    Acknowledged acknowledged = key.acknowledge(value, TokenPosition.furthest(given), now);
    written.add(new Written(key, acknowledged));
    floor(key).add(value);
    return true;
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

  static String head(String token) {
    return token.split("\\.", -1)[0];
  }

  /**
   * Reads an order, and checks what comes.
   *
   * @return the answer's status
   */
  private int read(Key key, String level, String path) throws IOException, InterruptedException {
    long started = System.nanoTime();
    String asked = level.equals("session") ? sessionLevel : level;
    String held = token;
    HttpResponse<String> answer = send("GET", path + key.id(), "", asked);
    String source = answer.headers().firstValue("Freshet-Source").orElse("none");
    ledger.count("reads " + level.replaceFirst(";.*", ""));
    if (answer.statusCode() != 200 && answer.statusCode() != 404) {
      failed(answer, "GET /orders/" + key.id(), null);
      publish();
      return answer.statusCode();
    }
    lossTold = false;
    ledger.count("answered " + level.replaceFirst(";.*", ""));
    ledger.count("from " + source.replaceFirst("^[^;]*;", "").replaceFirst(";waited-ms.*", ""));
    if (level.equals("eventual")) {
      return answer.statusCode();
    }
    Set<Integer> values = ReadAnswer.values(answer);
    ReadAnswer read = new ReadAnswer(key, level, started, source, values, held);
    checkSession(read);
    if (!level.equals("session")) {
      checkOthers(read);
    }
    answer.headers().firstValue("Freshet-Session").ifPresent(given -> advance(given, "a read"));
    if (!token.isEmpty()) {
      int timeline = TokenPosition.furthest(token).timeline();
      values.forEach(value -> ledger.seenOn(timeline, key, value));
    }
    floor(key).addAll(values);
    publish();
    return answer.statusCode();
  }

  /** The client learns of a loss before it goes on: else what it saw may not be missing. */
  private void checkSession(ReadAnswer read) {
    for (int expected : floor(read.key())) {
      if (read.values().contains(expected)) {
        continue;
      }
      boolean isOwn =
          written.stream().anyMatch(w -> w.key() == read.key() && w.what().value() == expected);
      String detail = read.lacks(expected, read.key().acknowledged(expected));
      if (isOwn) {
        ledger.suspect(Promise.READ_YOUR_WRITES, Optional.empty(), detail);
      } else if (read.isOfPrimary()) {
        ledger.suspectEarly(read.key(), expected, read.startedNanos(), detail);
      } else {
        ledger.suspect(Promise.MONOTONIC_READS, Optional.empty(), detail);
      }
    }
  }

  /** What was acknowledged to anybody; what others lost is not this client's to see. */
  private void checkOthers(ReadAnswer read) {
    boolean isStrong = read.level().equals("strong");
    long before = read.startedNanos() - (isStrong ? 0 : Duration.ofSeconds(1).toNanos());
    for (Acknowledged acknowledged : read.key().acknowledgedBefore(before)) {
      if (!read.values().contains(acknowledged.value())) {
        ledger.suspect(
            isStrong ? Promise.STRONG : Promise.BOUNDED,
            Optional.of(acknowledged.at()),
            read.lacks(acknowledged.value(), acknowledged));
      }
    }
  }

  /**
   * One read more, so that a loss can be told; then all that was acknowledged and not told lost
   * must be there.
   */
  void finish(TimelineHistory history) throws InterruptedException {
    Optional<Key> key = anyKey();
    int status = 0;
    for (int i = 0; key.isPresent() && status != 200 && status != 404; i++) {
      try {
        status = read(key.get(), "session", BY_KEY);
      } catch (IOException e) {
        ledger.count("unavailable: connection"); // kept open for long; the next one is new
      }
      if (i == FINISHING_READS) {
        ledger.suspect(
            Promise.NO_FALSE_REFUSAL,
            Optional.empty(),
            "a session read was answered %d to the end".formatted(status));
        break;
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    for (Written one : written) {
      if (Ledger.isLost(one.what().at(), history)) {
        ledger.suspect(
            Promise.NOTHING_ACKNOWLEDGED_IS_LOST,
            Optional.empty(),
            "order %s lost %s, and nobody was told".formatted(one.key().id(), one.what()));
      }
    }
  }

  private void failed(HttpResponse<String> answer, String request, @Nullable Key key) {
    int status = answer.statusCode();
    String code =
        answer
            .body()
            .replaceFirst("(?s).*\"code\":\"([^\"]+)\".*", "$1")
            .lines()
            .findFirst()
            .orElse("");
    if (status == 409 && code.equals("position-lost")) {
      ledger.lost(TokenPosition.firstLost(token), request + " with " + token);
      String given = answer.headers().firstValue("Freshet-Session").orElse("");
      if (given.isEmpty() || lossTold) {
        ledger.suspect(
            Promise.LOSSES_ARE_TOLD_ONCE,
            Optional.empty(),
            "%s with %s was answered with '%s'".formatted(request, token, given));
      }
      lossTold = true;
      floors.clear();
      written.clear();
      token = given;
    } else if (status == 404 && key != null) {
      ledger.suspect(
          Promise.NOTHING_ACKNOWLEDGED_IS_LOST,
          Optional.of(key.acknowledgedBefore(Long.MAX_VALUE).getFirst().at()),
          "%s answered %s".formatted(request, answer.body()));
    } else if (status == 503 || status == 502 || status == 504) {
      ledger.count("unavailable: " + code);
    } else {
      ledger.suspect(
          Promise.NO_FALSE_REFUSAL,
          Optional.empty(),
          "%s answered %d %s".formatted(request, status, answer.body()));
    }
  }

  private HttpResponse<String> send(String method, String path, String body, String level)
      throws IOException, InterruptedException {
    return calls.send(
        method, gateway + path, body, "Freshet-Session", token, "Freshet-Consistency", level);
  }
}
