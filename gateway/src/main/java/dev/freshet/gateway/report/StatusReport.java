package dev.freshet.gateway.operator;

import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.OperatorGate;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The body of {@code GET /api/status}: how everything is, worst problem first. */
public final class StatusReport {

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** A copy that is further behind than this is worth a word in the verdict. */
  private static final double LAG_WORTH_TELLING_SECONDS = 5;

  /** States in which a model's table does not serve, and that need somebody. */
  private static final Set<String> BROKEN_MODEL = Set.of("stopped", "faulty");

  private final LiveRoutes live;
  private final RoutesLoader loader;
  private final List<URI> otherwiseSyncs;
  private final String operatorToken;
  private final HttpClient client;
  private final JsonMapper json;

  /**
   * Prepares to report.
   *
   * @param otherwiseSyncs status addresses of cdc-syncs, where the routes name none
   */
  public StatusReport(
      LiveRoutes live,
      RoutesLoader loader,
      List<URI> otherwiseSyncs,
      String operatorToken,
      HttpClient client,
      JsonMapper json) {
    this.live = live;
    this.loader = loader;
    this.otherwiseSyncs = List.copyOf(otherwiseSyncs);
    this.operatorToken = operatorToken;
    this.client = client;
    this.json = json;
  }

  /**
   * The verdict of the whole.
   *
   * @param ok whether clients see fresh data
   * @param text the worst of it, in a sentence
   * @param problems all of it, a sentence each
   */
  public record Verdict(boolean ok, String text, List<String> problems) {}

  /** Asks the syncs, and puts everything together. */
  public Mono<Map<String, Object>> now() {
    List<URI> named = live.current().map(now -> now.routes().sync()).orElse(List.of());
    List<URI> syncs = named.isEmpty() ? otherwiseSyncs : named;
    Mono<List<JsonNode>> states =
        Flux.fromIterable(syncs).flatMapSequential(sync -> ask(sync, "/api/sync")).collectList();
    Mono<List<JsonNode>> models =
        Flux.fromIterable(syncs)
            .flatMapSequential(sync -> ask(sync, "/api/models"))
            .flatMapIterable(list -> list)
            .collectList();
    return Mono.zip(states, models)
        .map(
            answers -> {
              List<InstanceStatus> instances = instances();
              Map<String, Object> body = new LinkedHashMap<>();
              body.put("verdict", verdict(instances, answers.getT1(), answers.getT2()));
              live.current().ifPresent(now -> body.put("generation", now.edition().generation()));
              body.put("instances", instances);
              body.put("sync", answers.getT1());
              body.put("models", answers.getT2());
              return body;
            });
  }

  private Mono<JsonNode> ask(URI sync, String path) {
    return client
        .headers(
            headers -> {
              if (!operatorToken.isEmpty()) {
                headers.set("Authorization", OperatorGate.authorization(operatorToken));
              }
            })
        .get()
        .uri(sync + path)
        .responseSingle(
            (response, body) ->
                response.status().code() == 200
                    ? body.asByteArray()
                    : Mono.error(new IllegalStateException("it answers " + response.status())))
        .timeout(TIMEOUT)
        .map(this::parsed)
        .onErrorResume(
            failure ->
                path.endsWith("models")
                    ? Mono.just(json.createArrayNode())
                    : Mono.just(
                        json.createObjectNode()
                            .put("url", sync.toString())
                            .put("state", "unreachable")
                            .put("reason", String.valueOf(failure.getMessage()))));
  }

  private JsonNode parsed(byte[] body) {
    try {
      return json.readTree(body);
    } catch (JacksonException e) {
      throw new IllegalStateException("It answers what is no JSON", e);
    }
  }

  private List<InstanceStatus> instances() {
    Optional<Position> furthest =
        Stream.concat(
                live.current().flatMap(Generation::primary).stream()
                    .flatMap(primary -> Optional.ofNullable(primary.position()).stream()),
                live.instances().stream()
                    .filter(instance -> instance.spec().kind() == SourceKind.PRIMARY)
                    .flatMap(
                        instance -> Optional.ofNullable(instance.health().position()).stream()))
            .max(
                Comparator.comparingInt(Position::timeline)
                    .thenComparing(Position::lsn, Lsn::compareTo));
    return live.instances().stream()
        .map(instance -> InstanceStatus.of(instance, furthest))
        .toList();
  }

  /** Those that tell no position where none of the primary's is told, but copies tell theirs. */
  private List<Instance> writersThatNobodyPlaces() {
    List<Instance> all = live.instances();
    boolean isPlaced =
        live.current().flatMap(Generation::primary).isPresent()
            || all.stream()
                .anyMatch(one -> one.spec().kind() == SourceKind.PRIMARY && one.isToTellPosition());
    boolean isNeeded = all.stream().anyMatch(Instance::isToTellPosition);
    if (isPlaced || !isNeeded) {
      return List.of();
    }
    return serving(Intent.WRITE)
        .filter(writer -> Boolean.FALSE.equals(writer.health().speaksFreshet()))
        .distinct()
        .toList();
  }

  private Verdict verdict(
      List<InstanceStatus> instances, List<JsonNode> syncs, List<JsonNode> models) {
    List<String> worst = new ArrayList<>();
    addRoutes(worst);
    addInstances(worst, instances);
    addSyncs(worst, syncs);
    addModels(worst, models);
    addLags(worst, instances);
    if (worst.isEmpty()) {
      return new Verdict(true, allIsWell(), List.of());
    }
    List<String> problems = worst.stream().map(StatusReport::sentence).toList();
    String more = worst.size() == 1 ? "" : " And %d more.".formatted(worst.size() - 1);
    return new Verdict(false, problems.getFirst() + more, problems);
  }

  private void addRoutes(List<String> worst) {
    loader
        .refused()
        .ifPresent(
            refused ->
                worst.add(
                    "the routes file was changed and can't be used, so that what was in force before still is: "
                        + refused.problems().getFirst()));
    live.current()
        .flatMap(Generation::tokens)
        .flatMap(TokenCheck::trouble)
        .ifPresent(trouble -> worst.add("tokens are not checked as they should be: " + trouble));
    writersThatNobodyPlaces()
        .forEach(
            writer ->
                worst.add(
                    "writes through %s are answered 504, though they are done: nobody tells where the primary is after them; name its database in routes.yaml (primary)"
                        .formatted(writer)));
    live.current().map(Generation::pools).stream()
        .flatMap(pools -> pools.byName().entrySet().stream())
        .filter(pool -> !pool.getValue().isEmpty())
        .filter(pool -> pool.getValue().stream().allMatch(Instance::isDrained))
        .forEach(
            pool -> worst.add("all instances of pool %s are drained".formatted(pool.getKey())));
  }

  private void addInstances(List<String> worst, List<InstanceStatus> instances) {
    Set<String> relied = reliedUpon();
    for (InstanceStatus instance : instances) {
      if (instance.isOutOfOrder() && relied.contains(instance.id())) {
        worst.add("%s is %s: %s".formatted(instance.id(), instance.state(), instance.reason()));
      }
    }
  }

  /** Instances whose answers somebody gets; on those of mirrors nobody depends. */
  private Set<String> reliedUpon() {
    return Stream.of(Intent.values())
        .flatMap(this::serving)
        .map(instance -> instance.spec().id())
        .collect(Collectors.toSet());
  }

  /** Instances of the pools that routes have for an intent. */
  private Stream<Instance> serving(Intent intent) {
    return live.current().stream()
        .flatMap(
            now ->
                now.routes().all().stream()
                    .flatMap(route -> route.pool(intent).stream())
                    .distinct()
                    .flatMap(pool -> now.pools().pool(pool).stream()));
  }

  private static void addSyncs(List<String> worst, List<JsonNode> syncs) {
    for (JsonNode sync : syncs) {
      String state = sync.path("state").asString("");
      if (!state.equals("streaming") && !state.equals("standby")) {
        worst.add(
            "the sync of %s is %s: %s"
                .formatted(
                    sync.path("readDatabase").asString(sync.path("url").asString("?")),
                    state,
                    sync.path("reason").asString("")));
      }
    }
  }

  private static void addModels(List<String> worst, List<JsonNode> models) {
    for (JsonNode model : models) {
      String state = model.path("state").asString("");
      if (BROKEN_MODEL.contains(state)) {
        worst.add(
            "model %s is %s: %s"
                .formatted(
                    model.path("name").asString("?"), state, model.path("reason").asString("")));
      }
    }
  }

  private static void addLags(List<String> worst, List<InstanceStatus> instances) {
    for (InstanceStatus instance : instances) {
      if (instance.lagSeconds() != null && instance.lagSeconds() > LAG_WORTH_TELLING_SECONDS) {
        worst.add("%s is %.1f s behind".formatted(instance.id(), instance.lagSeconds()));
      }
    }
  }

  private String allIsWell() {
    String drained =
        live.instances().stream()
            .filter(Instance::isDrained)
            .map(Instance::toString)
            .collect(Collectors.joining(", "));
    return "All copies are fresh"
        + (drained.isEmpty() ? "" : "; drained: " + drained)
        + (loader.isPinned() ? "; the routes are rolled back until their file changes" : "")
        + ".";
  }

  private static String sentence(String problem) {
    String text = problem.replaceFirst("[.: ]+$", "");
    return Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
  }
}
