package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.choice.Choice;
import dev.freshet.gateway.exchange.Fingerprint;
import dev.freshet.gateway.exchange.Fingerprinted;
import dev.freshet.gateway.forward.Mirror;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Has some of a route's reads mirrored, once they are answered. */
final class Mirroring {

  private final Mirror mirror;
  private final Consumer<Observation> observer;

  Mirroring(Mirror mirror, Consumer<Observation> observer) {
    this.mirror = mirror;
    this.observer = observer;
  }

  /** Takes a request its way, and mirrors it if it is one of those. */
  Mono<Void> around(Admitted admitted, Function<Admitted, Mono<Void>> way) {
    Route.Read.Mirrored mirrored = drawn(admitted);
    if (mirrored == null) {
      return way.apply(admitted);
    }
    Optional<Candidate> candidate = Choice.any(admitted.pools().pool(mirrored.pool()));
    if (candidate.isEmpty()) {
      observer.accept(new Observation.Mirrored(admitted.route().id(), Mirror.Outcome.SKIPPED));
      return way.apply(admitted);
    }
    Mirror.Copy copy = mirror.copy(admitted.exchange(), admitted.principal(), candidate.get());
    Fingerprinted watched = new Fingerprinted(admitted.exchange());
    return way.apply(admitted.with(watched))
        .doOnSuccess(
            done ->
                watched
                    .fingerprint()
                    .ifPresent(answer -> compare(copy, answer, admitted.route().id())));
  }

  private static Route.Read.@Nullable Mirrored drawn(Admitted admitted) {
    Route.Read read = admitted.route().read();
    Route.Read.Mirrored mirrored = read == null ? null : read.mirror();
    boolean isDrawn =
        mirrored != null
            && admitted.intent() == Intent.READ
            && !admitted.exchange().hasBody()
            && !admitted.isWebSocket()
            && ThreadLocalRandom.current().nextInt(100) < mirrored.percent();
    return isDrawn ? mirrored : null;
  }

  /** Nobody waits for it. */
  private void compare(Mirror.Copy copy, Fingerprint answer, String route) {
    copy.compare(answer)
        .subscribe(outcome -> observer.accept(new Observation.Mirrored(route, outcome)));
  }
}
