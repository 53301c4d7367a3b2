package dev.freshet.bench.consistency;

import org.jspecify.annotations.Nullable;

/** A request that is sent until it is answered, and what the first answer was. */
final class Transfer {

  private final String key;
  private final String body;
  private @Nullable String answer;

  Transfer(String key, String body) {
    this.key = key;
    this.body = body;
  }

  String key() {
    return key;
  }

  String body() {
    return body;
  }

  /** Whether this is the first answer, or the same once more. */
  synchronized boolean isAnswered(String with) {
    if (answer == null) {
      answer = with;
    }
    return answer.equals(with);
  }

  synchronized boolean isDone() {
    return answer != null;
  }

  synchronized @Nullable String answered() {
    return answer;
  }
}
