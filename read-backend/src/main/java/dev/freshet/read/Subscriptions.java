package dev.freshet.read;

import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Answers subscribers to events. */
interface Subscriptions {

  /** One subscriber. */
  Mono<ServerResponse> follow(ServerRequest request);
}
