package dev.freshet.sync.source;

/** The changes of a source, from a place on, for as long as it runs. */
public interface Capture extends AutoCloseable {

  /**
   * Hands transactions over until it is closed or fails.
   *
   * @throws RuntimeException what ended it; of the listener, what that threw
   */
  void run();

  /** Ends it; {@link #run} returns soon. May be called from any thread, and more than once. */
  @Override
  void close();
}
