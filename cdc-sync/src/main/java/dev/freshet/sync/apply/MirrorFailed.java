package dev.freshet.sync.apply;

/** A mirror refused a change; the batch is rolled back. */
final class MirrorFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Mirror mirror;
  private final ApplyFailed refusal;

  MirrorFailed(Mirror mirror, ApplyFailed refusal) {
    super(refusal.getMessage(), refusal);
    this.mirror = mirror;
    this.refusal = refusal;
  }

  Mirror mirror() {
    return mirror;
  }

  ApplyFailed refusal() {
    return refusal;
  }
}
