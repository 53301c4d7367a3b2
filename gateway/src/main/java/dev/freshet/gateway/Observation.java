package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.forward.Hedge;
import dev.freshet.gateway.forward.Mirror;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everything worth telling of a request; metrics and log only render it. */
sealed interface Observation {

  /** Stands for no route, or no instance. */
  String NONE = "none";

  /**
   * A request was answered.
   *
   * @param route the route's id; {@code none} when there is none
   * @param backend the instance's id; {@code none} when the gateway answered itself
   * @param answered how the instance answered; null when the gateway did itself
   */
  record Finished(
      Exchange exchange,
      String route,
      Intent intent,
      String backend,
      int status,
      Duration took,
      @Nullable Answered answered)
      implements Observation {}

  /**
   * How an instance answered.
   *
   * @param reason why it was chosen
   * @param waited how long the request was under way when a copy had got where its client is
   * @param upstream from when it was sent until the answer began
   */
  record Answered(Candidate.Reason reason, Duration waited, Duration upstream) {}

  /**
   * The answer of an instance goes to the client from now on.
   *
   * @param took from the request's head to the answer's, over all attempts
   */
  record AnswerBegan(Intent intent, Duration took) implements Observation {}

  /**
   * A read was answered by an instance.
   *
   * @param kind what kind of copy it was
   * @param reason why it was chosen
   * @param lagSeconds how far behind the copy was said to be; null while that is unknown
   */
  record ReadAnswered(
      String kind, Candidate.Reason reason, Duration waited, @Nullable Double lagSeconds)
      implements Observation {}

  /**
   * A read could have fallen back to the primary, and was not let.
   *
   * @param reason as metrics name it
   */
  record FellBack(String reason) implements Observation {}

  /**
   * Routes are in force.
   *
   * @param routes their ids
   * @param instances those that they use
   */
  record RoutesInForce(int generation, Set<String> routes, List<Instance> instances)
      implements Observation {

    public RoutesInForce {
      routes = Set.copyOf(routes);
      instances = List.copyOf(instances);
    }
  }

  /**
   * Instances were probed.
   *
   * @param pools which of them each pool has that routes use
   * @param primary how far the primary is
   */
  record InstancesSeen(
      List<Instance> instances, Map<String, Pool> pools, Optional<Position> primary)
      implements Observation {

    public InstancesSeen {
      instances = List.copyOf(instances);
      pools = Map.copyOf(pools);
    }
  }

  /** Routes were refused; the ones before stay in force. */
  record RoutesRefused() implements Observation {}

  /** A read was late, so that another copy was asked, too; or would have been. */
  record Hedged(String route, Hedge.Outcome outcome) implements Observation {}

  /** A read was mirrored. */
  record Mirrored(String route, Mirror.Outcome outcome) implements Observation {}

  /** A session token was refused, or not relied on. */
  record TokenRefused(Sessions.Flaw flaw) implements Observation {}
}
