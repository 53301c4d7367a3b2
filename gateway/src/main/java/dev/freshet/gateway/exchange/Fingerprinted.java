package dev.freshet.gateway.exchange;

import dev.freshet.protocol.FreshetHeaders;
import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A request whose answer's fingerprint is taken on its way to the client. */
public final class Fingerprinted extends Decorated {

  private final Fingerprint fingerprint = new Fingerprint();
  private boolean isOfInstance;

  /** Takes the fingerprint of an instance's answer; the gateway's own have none. */
  public Fingerprinted(Exchange inner) {
    super(inner);
  }

  /** Of what an instance has answered; empty when none has. */
  public Optional<Fingerprint> fingerprint() {
    return Optional.of(fingerprint).filter(taken -> isOfInstance);
  }

  private void begin(Head head) {
    isOfInstance = head.headers().contains(FreshetHeaders.SOURCE);
    fingerprint.begin(head.status());
  }

  @Override
  public Mono<Void> answer(Head head) {
    begin(head);
    return super.answer(head);
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    begin(head);
    fingerprint.add(content);
    return super.answer(head, content);
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    begin(head);
    return super.answer(head, Flux.from(content).doOnNext(fingerprint::add), atOnce);
  }
}
