package dev.freshet.gateway.report;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.Progress;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.OperatorGate;
import io.netty.handler.codec.http.HttpMethod;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The cdc-syncs and publishers that the routes name, asked at their addresses for operators. */
public final class Syncs {

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private static final String UNREACHABLE = "unreachable";

  private static final String STREAMING = "streaming";
  private static final String STUCK = "stuck";
  private static final int MISDIRECTED = ProblemCode.MISDIRECTED.status();

  private final LiveRoutes live;
  private final SystemView system;
  private final Map<URI, Progress> followings = new ConcurrentHashMap<>();

  /** Of each publisher the log that it named last. */
  private final Map<URI, String> logs = new ConcurrentHashMap<>();

  private final List<URI> otherwise;
  private final List<URI> publishersOtherwise;
  private final String operatorToken;
  private final HttpClient client;
  private final JsonMapper json;

  /**
   * Prepares to ask.
   *
   * @param system knows where the primary was
   * @param otherwise addresses, where the routes name none
   * @param publishersOtherwise the same of publishers
   * @param operatorToken that they take; empty for none
   */
  public Syncs(
      LiveRoutes live,
      SystemView system,
      List<URI> otherwise,
      List<URI> publishersOtherwise,
      String operatorToken,
      HttpClient client,
      JsonMapper json) {
    this.live = live;
    this.system = system;
    this.otherwise = List.copyOf(otherwise);
    this.publishersOtherwise = List.copyOf(publishersOtherwise);
    this.operatorToken = operatorToken;
    this.client = client;
    this.json = json;
  }

  /**
   * What a sync answered.
   *
   * @param status an HTTP status
   * @param body JSON, mostly
   */
  public record Answer(int status, String body) {}

  private List<URI> addresses() {
    List<URI> named = live.current().map(now -> now.routes().sync()).orElse(List.of());
    return named.isEmpty() ? otherwise : named;
  }

  /**
   * A sync that was asked how it is.
   *
   * @param state as it tells it; of one that does not answer why
   */
  record Asked(URI address, JsonNode state) {}

  /** Asks each how it is. */
  Mono<List<Asked>> ask() {
    List<URI> addresses = addresses();
    followings.keySet().retainAll(addresses);
    return Flux.fromIterable(addresses)
        .flatMapSequential(
            sync ->
                get(sync, "/api/sync")
                    .doOnNext(state -> follow(sync, state))
                    .onErrorResume(failure -> Mono.just(unreachable(sync, failure)))
                    .map(state -> new Asked(sync, state)))
        .collectList();
  }

  /** Asks each publisher how it is; of one that does not answer why. */
  Mono<List<JsonNode>> publishers() {
    List<URI> named = live.current().map(now -> now.routes().publish()).orElse(List.of());
    List<URI> addresses = named.isEmpty() ? publishersOtherwise : named;
    logs.keySet().retainAll(addresses);
    return Flux.fromIterable(addresses)
        .flatMapSequential(
            publisher ->
                get(publisher, "/api/publisher")
                    .doOnNext(state -> logs.put(publisher, state.path("log").asString("")))
                    .onErrorResume(failure -> Mono.just(unreachablePublisher(publisher, failure))))
        .collectList();
  }

  /** With the log that it named when it last answered. */
  private JsonNode unreachablePublisher(URI publisher, Throwable failure) {
    ObjectNode state = unreachable(publisher, failure);
    String log = logs.get(publisher);
    return log == null ? state : state.put("log", log);
  }

  /** One that says that it streams, and stands still while the primary goes on, is stuck. */
  private void follow(URI sync, JsonNode state) {
    String position = state.path("position").asString("");
    if (!isIn(state, STREAMING) || position.isEmpty()) {
      followings.remove(sync);
      return;
    }
    Progress following = followings.computeIfAbsent(sync, ignored -> new Progress());
    Position at = Position.parse(position);
    following.seen(at, system.beyond(at), System.nanoTime());
    if (following.isStuck()) {
      ((ObjectNode) state).put("state", STUCK).put("reason", following.reason());
    }
  }

  private ObjectNode unreachable(URI sync, Throwable failure) {
    return json.createObjectNode()
        .put("url", sync.toString())
        .put("state", UNREACHABLE)
        .put(
            "reason",
            failure instanceof TimeoutException
                ? "no answer within %d ms".formatted(TIMEOUT.toMillis())
                : String.valueOf(failure.getMessage()));
  }

  /**
   * What syncs keep.
   *
   * @param models as those tell them that lead, each with the name of its read database
   * @param stores that follow a read database, likewise
   */
  record Kept(List<JsonNode> models, List<JsonNode> stores) {}

  /** Asks those that lead what they keep; of those that don't tell, nothing. */
  Mono<Kept> kept(List<Asked> syncs) {
    return Mono.zip(ofLeading(syncs, "/api/models"), ofLeading(syncs, "/api/stores"))
        .map(both -> new Kept(both.getT1(), both.getT2()));
  }

  private Mono<List<JsonNode>> ofLeading(List<Asked> syncs, String path) {
    return Flux.fromIterable(syncs)
        .filter(sync -> !isStandby(sync.state()) && !isIn(sync.state(), UNREACHABLE))
        .flatMapSequential(
            sync ->
                get(sync.address(), path)
                    .flatMapIterable(
                        all -> {
                          String of = sync.state().path("readDatabase").asString("");
                          all.forEach(one -> ((ObjectNode) one).put("readDatabase", of));
                          return all;
                        })
                    .onErrorResume(failure -> Flux.empty()))
        .collectList();
  }

  /** What operators had each do, by whatever way; of those that don't tell, nothing. */
  public Mono<List<JsonNode>> audits() {
    return ask()
        .flatMapIterable(all -> all)
        .filter(sync -> !isIn(sync.state(), UNREACHABLE))
        .flatMapSequential(
            sync ->
                get(sync.address(), "/api/audit")
                    .flatMapIterable(changes -> changes)
                    .filter(JsonNode::isObject)
                    .doOnNext(
                        change -> ((ObjectNode) change).put("readDatabase", name(sync.state())))
                    .onErrorResume(failure -> Flux.empty()))
        .collectList();
  }

  /**
   * The address of the sync of a read database; of several the one that leads. Empty when none
   * answers to that name.
   */
  public Mono<URI> of(String readDatabase) {
    return ask()
        .flatMapIterable(all -> all)
        .filter(sync -> sync.state().path("readDatabase").asString("").equals(readDatabase))
        .sort(Comparator.comparing(sync -> isStandby(sync.state())))
        .map(Asked::address)
        .next();
  }

  /** What a sync is called: by its read database, or while that is unknown by its address. */
  static String name(JsonNode state) {
    return state.path("readDatabase").asString(state.path("url").asString("?"));
  }

  /** A figure that a sync tells of itself or of a model; empty while it is unknown. */
  static Optional<Double> figure(JsonNode of, String name) {
    JsonNode value = of.path(name);
    return value.isNumber() ? Optional.of(value.asDouble()) : Optional.empty();
  }

  /** Whether another one leads. */
  static boolean isStandby(JsonNode state) {
    return isIn(state, "standby");
  }

  private static boolean isIn(JsonNode state, String name) {
    return state.path("state").asString("").equals(name);
  }

  /**
   * Passes a request on.
   *
   * @param requestId what the request is called in logs; empty for one of the gateway's own
   * @param patience how long it may take
   */
  public Mono<Answer> pass(
      URI sync, HttpMethod method, String path, Optional<String> requestId, Duration patience) {
    return authorized()
        .headers(headers -> requestId.ifPresent(id -> headers.set(RequestId.HEADER, id)))
        .request(method)
        .uri(sync + path)
        .responseSingle(
            (response, body) ->
                body.asString(StandardCharsets.UTF_8)
                    .defaultIfEmpty("")
                    .map(text -> new Answer(response.status().code(), text)))
        .timeout(patience);
  }

  private Mono<JsonNode> get(URI sync, String path) {
    return pass(sync, HttpMethod.GET, path, Optional.empty(), TIMEOUT)
        .flatMap(
            answer ->
                answer.status() == 200
                    ? Mono.justOrEmpty(parsed(answer.body()))
                    : Mono.error(new IllegalStateException(refusal(sync, answer.status()))))
        .switchIfEmpty(
            Mono.error(() -> new IllegalStateException("it answers what is no JSON object")));
  }

  private static String refusal(URI sync, int status) {
    return status == MISDIRECTED
        ? "it answers 421: it does not know the name %1$s as its own. Start it with --operator-host=%1$s, or name its IP address under sync: in the routes file"
            .formatted(sync.getHost())
        : "it answers " + status;
  }

  private HttpClient authorized() {
    return operatorToken.isEmpty()
        ? client
        : client.headers(
            headers -> headers.set("Authorization", OperatorGate.authorization(operatorToken)));
  }

  private Optional<JsonNode> parsed(String body) {
    try {
      return Optional.of(json.readTree(body)).filter(JsonNode::isContainer);
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
