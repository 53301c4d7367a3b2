package dev.freshet.gateway;

import dev.freshet.gateway.routing.Intent;
import java.time.Duration;

/** Everything worth telling of a request; metrics and log only render it. */
sealed interface Observation {

  /**
   * A request was answered.
   *
   * @param route the route's id; {@code none} when there is none
   * @param backend the instance's id; {@code none} when the gateway answered itself
   */
  record Finished(String route, Intent intent, String backend, int status, Duration took)
      implements Observation {}

  /**
   * A read was answered by an instance.
   *
   * @param kind what kind of copy it was
   * @param reason why it was chosen
   */
  record ReadAnswered(String kind, String reason, Duration waited) implements Observation {}
}
