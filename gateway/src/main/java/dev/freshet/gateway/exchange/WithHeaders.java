package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** A request whose answer is given headers last of all, whoever makes it. */
public final class WithHeaders extends Decorated {

  private final Consumer<HttpHeaders> last;

  /**
   * Decorates an exchange.
   *
   * @param last changes the headers of the answer
   */
  public WithHeaders(Exchange inner, Consumer<HttpHeaders> last) {
    super(inner);
    this.last = last;
  }

  private Head changed(Head head) {
    last.accept(head.headers());
    return head;
  }

  @Override
  public Mono<Void> answer(Head head) {
    return super.answer(changed(head));
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    return super.answer(changed(head), content);
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    return super.answer(changed(head), content, atOnce);
  }
}
