package dev.freshet.bench.consistency;

/** What a client does all the time. */
enum Course {
  /** It writes and reads. */
  WRITER,
  /**
   * It reads each order twice, by its key and by a filter. What it holds is what it was shown, so
   * that no copy has to catch up for it, and it reads at moments when those who have written wait.
   */
  READER
}
