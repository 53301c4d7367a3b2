package dev.freshet.local.system;

/** Runs parts: in this JVM, or in one of their own. */
public interface PartRunner {

  /** A part that was started. */
  interface Running extends AutoCloseable {

    /** Stops it and returns when it has ended, or when it was given up on. */
    @Override
    void close();
  }

  /** Starts a part and returns; it may not answer yet. */
  Running start(PartSpec part);
}
