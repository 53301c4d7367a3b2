package dev.freshet.sync.source;

/** Opens a source, once for each thread that uses it. */
public interface ChangeSources extends AutoCloseable {

  ChangeSource connect();

  @Override
  void close();
}
