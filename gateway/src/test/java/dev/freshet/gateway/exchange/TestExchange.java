package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A request that came by no connection; it can't be answered. */
public record TestExchange(
    String method, String target, HttpHeaders headers, @Nullable InetSocketAddress client)
    implements Exchange {

  /** A GET without headers. */
  public static TestExchange get(String target) {
    return new TestExchange("GET", target, new DefaultHttpHeaders(), null);
  }

  @Override
  public boolean isSecure() {
    return false;
  }

  @Override
  public Flux<ByteBuf> body() {
    return Flux.empty();
  }

  @Override
  public @Nullable EventLoop eventLoop() {
    return null;
  }

  @Override
  public boolean isAnswered() {
    return false;
  }

  @Override
  public Mono<Void> answer(Head head) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    throw new UnsupportedOperationException();
  }
}
