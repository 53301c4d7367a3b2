package dev.freshet.sync.source;

/** Opens a source, once for each thread that uses it. */
public interface ChangeSources extends AutoCloseable {

  ChangeSource connect();

  /**
   * Takes the lead among those who publish the source to a log, until it is closed.
   *
   * @return false when another process has it
   */
  default boolean tryLead() {
    return true;
  }

  @Override
  void close();
}
