package dev.freshet.gateway.report;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.CommandsClient;
import dev.freshet.gateway.pool.Instance;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** Commands that can't be given, as write-backends tell them. */
public final class UnusableCommands {

  private static final Duration EVERY = Duration.ofSeconds(5);

  private static final String READY = "ready";

  private final LiveRoutes live;
  private final CommandsClient client;
  private volatile List<JsonNode> last = List.of();
  private volatile long askedNanos = System.nanoTime() - EVERY.toNanos();

  /** Of the instances that are live. */
  public UnusableCommands(LiveRoutes live, CommandsClient client) {
    this.live = live;
    this.client = client;
  }

  /** Those that are known of; backends are asked now and then. */
  Mono<List<JsonNode>> ask() {
    long now = System.nanoTime();
    if (now - askedNanos < EVERY.toNanos()) {
      return Mono.just(last);
    }
    askedNanos = now;
    return Flux.fromIterable(live.instances())
        .filter(TrafficReport::mayTellCommands)
        .flatMapSequential(this::ask)
        .collectList()
        .doOnNext(told -> last = told);
  }

  private Flux<JsonNode> ask(Instance instance) {
    return client
        .ask(instance)
        .onErrorReturn(List.of())
        .flatMapIterable(all -> all)
        .filter(command -> !command.path("state").asString(READY).equals(READY));
  }
}
