package dev.freshet.sync.apply;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Does for many what can be done, half by half, and finds those that are refused. */
final class Bisection {

  private Bisection() {}

  /**
   * Tries all at once, and where that is refused each half. Needs an open transaction.
   *
   * @param work done for some of them
   * @param refused takes each that is refused for itself, with the reason
   */
  static <T> void run(
      Sql sql, List<T> all, Consumer<List<T>> work, BiConsumer<T, ApplyFailed> refused) {
    if (all.isEmpty()) {
      return;
    }
    sql.run("savepoint attempt");
    try {
      work.accept(all);
      sql.run("release savepoint attempt");
    } catch (ApplyFailed e) {
      if (!e.isByContent()) {
        throw e;
      }
      sql.run("rollback to savepoint attempt; release savepoint attempt");
      if (all.size() == 1) {
        refused.accept(all.getFirst(), e);
      } else {
        run(sql, all.subList(0, all.size() / 2), work, refused);
        run(sql, all.subList(all.size() / 2, all.size()), work, refused);
      }
    }
  }
}
