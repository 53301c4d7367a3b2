package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Reads a log as far as a test wants. */
final class Reading {

  /** A publisher that was killed many times has much to catch up with, on few cores. */
  private static final long SECONDS = Boolean.getBoolean("freshet.long") ? 1_800 : 600;

  private Reading() {}

  /**
   * Reads until a transaction is the last.
   *
   * @param applied what comes after it is read
   * @param isLast takes each, in order
   */
  static void of(LogAccess access, Place applied, Predicate<SourceTransaction> isLast)
      throws Exception {
    LogReader reader =
        new LogReader(access, start(access, applied).orElseThrow().offset(), applied);
    CompletableFuture<Boolean> there = new CompletableFuture<>();
    CompletableFuture<Void> reading =
        CompletableFuture.runAsync(() -> reader.run(listener(isLast, there)));
    try {
      CompletableFuture.anyOf(reading, there).get(SECONDS, TimeUnit.SECONDS);
    } finally {
      reader.close();
    }
    reading.get(SECONDS, TimeUnit.SECONDS);
  }

  /** Where a reader begins that is at a place; empty when the log does not reach back that far. */
  static Optional<LogStart> start(LogAccess access, Place applied) {
    try (LogRecords records = LogRecords.toSearch(access)) {
      return LogStart.after(applied, records);
    }
  }

  private static LogReader.Listener listener(
      Predicate<SourceTransaction> isLast, CompletableFuture<Boolean> there) {
    return new LogReader.Listener() {
      @Override
      public void committed(List<SourceTransaction> transactions) {
        for (SourceTransaction transaction : transactions) {
          if (isLast.test(transaction)) {
            there.complete(true);
          }
        }
      }

      @Override
      public void told(LogEntry.Told told) {}

      @Override
      public void waiting(boolean isAtEnd) {}
    };
  }
}
