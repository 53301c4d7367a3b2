package dev.freshet.sync.log;

import dev.freshet.sync.source.SourceTransaction;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Reads a log as far as a test wants. */
final class Reading {

  private static final long SECONDS = 120;

  private Reading() {}

  /**
   * Reads until a transaction is the last.
   *
   * @param isLast takes each, in order
   */
  static void of(LogReader reader, Predicate<SourceTransaction> isLast) throws Exception {
    CompletableFuture<Boolean> there = new CompletableFuture<>();
    CompletableFuture<Void> reading =
        CompletableFuture.runAsync(
            () ->
                reader.run(
                    transactions -> {
                      for (SourceTransaction transaction : transactions) {
                        if (isLast.test(transaction)) {
                          there.complete(true);
                        }
                      }
                    }));
    try {
      CompletableFuture.anyOf(reading, there).get(SECONDS, TimeUnit.SECONDS);
    } finally {
      reader.close();
    }
    reading.get(SECONDS, TimeUnit.SECONDS);
  }
}
