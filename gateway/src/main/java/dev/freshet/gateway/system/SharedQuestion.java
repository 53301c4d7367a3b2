package dev.freshet.gateway.system;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * A question whose answer must be no older than the asking: those who ask while it is under way
 * share the next one.
 */
final class SharedQuestion<T> {

  private static final int MOST_WAITING = 10_000;

  private final Supplier<Mono<T>> question;
  private List<MonoSink<T>> waiting = new ArrayList<>();
  private boolean underWay;

  SharedQuestion(Supplier<Mono<T>> question) {
    this.question = question;
  }

  /** Asks; empty or an error when the question itself ends so, empty also when too many wait. */
  Mono<T> ask() {
    return Mono.create(
        sink -> {
          if (isFull()) {
            sink.success();
          } else if (joins(sink)) {
            askNext();
          }
        });
  }

  private synchronized boolean isFull() {
    return waiting.size() >= MOST_WAITING;
  }

  /** Whether whoever joins has to put the question. */
  private synchronized boolean joins(MonoSink<T> sink) {
    waiting.add(sink);
    if (underWay) {
      return false;
    }
    underWay = true;
    return true;
  }

  private synchronized List<MonoSink<T>> next() {
    List<MonoSink<T>> next = waiting;
    waiting = new ArrayList<>();
    underWay = !next.isEmpty();
    return next;
  }

  private void askNext() {
    List<MonoSink<T>> asking = next();
    if (asking.isEmpty()) {
      return;
    }
    question
        .get()
        .subscribe(
            answer -> asking.forEach(sink -> sink.success(answer)),
            failure -> {
              asking.forEach(sink -> sink.error(failure));
              askNext();
            },
            () -> {
              // Those who have their answer already don't mind.
              asking.forEach(MonoSink::success);
              askNext();
            });
  }
}
