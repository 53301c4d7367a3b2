package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.context.Context;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An exchange that differs from another one in what a subclass says. */
abstract class Decorated implements Exchange {

  private final Exchange inner;

  Decorated(Exchange inner) {
    this.inner = inner;
  }

  @Override
  public void answerInterim(Head head) {
    inner.answerInterim(head);
  }

  @Override
  public Mono<Void> answer(Head head) {
    return inner.answer(head);
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    return inner.answer(head, content);
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    return inner.answer(head, content, atOnce);
  }

  @Override
  public Mono<Void> upgrade(Head head, @Nullable String protocol, Frames frames) {
    return inner.upgrade(head, protocol, frames);
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
  public Context trace() {
    return inner.trace();
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

  @Override
  public boolean isRepeatable() {
    return inner.isRepeatable();
  }
}
