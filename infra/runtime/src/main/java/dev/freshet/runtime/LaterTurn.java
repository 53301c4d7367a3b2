package dev.freshet.runtime;

import io.netty.channel.EventLoop;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Has an answer given in a later turn of its connection's event loop. While Reactor Netty takes the
 * next request of a connection from its queue, an answer that is given on the spot ends the
 * exchange before the request's own end is taken; nothing reads from the connection any more then.
 */
public final class LaterTurn {

  private LaterTurn() {}

  public static <T> Mono<T> of(Mono<T> answer, EventLoop loop) {
    return answer.subscribeOn(Schedulers.fromExecutor(loop));
  }
}
