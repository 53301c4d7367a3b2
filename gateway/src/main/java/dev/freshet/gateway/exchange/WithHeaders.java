package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A request whose answer is given headers last of all, whoever makes it.
 *
 * @param last changes the headers of the answer
 */
public record WithHeaders(Exchange inner, Consumer<HttpHeaders> last) implements Exchange {

  private Head changed(Head head) {
    last.accept(head.headers());
    return head;
  }

  @Override
  public Mono<Void> answer(Head head) {
    return inner.answer(changed(head));
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    return inner.answer(changed(head), content);
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    return inner.answer(changed(head), content, atOnce);
  }

  @Override
  public String method() {
    return inner.method();
  }

  @Override
  public String target() {
    return inner.target();
  }

  @Override
  public HttpHeaders headers() {
    return inner.headers();
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return inner.client();
  }

  @Override
  public boolean isSecure() {
    return inner.isSecure();
  }

  @Override
  public @Nullable String hostToKeep() {
    return inner.hostToKeep();
  }

  @Override
  public Flux<ByteBuf> body() {
    return inner.body();
  }

  @Override
  public @Nullable EventLoop eventLoop() {
    return inner.eventLoop();
  }

  @Override
  public boolean isAnswered() {
    return inner.isAnswered();
  }
}
