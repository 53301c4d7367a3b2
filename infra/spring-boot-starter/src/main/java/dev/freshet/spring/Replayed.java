package dev.freshet.spring;

/** Ends a request that was done before: it is answered as then. */
final class Replayed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient KeptAnswer answer;

  Replayed(KeptAnswer answer) {
    super("It was done before.", null, false, false);
    this.answer = answer;
  }

  KeptAnswer answer() {
    return answer;
  }
}
