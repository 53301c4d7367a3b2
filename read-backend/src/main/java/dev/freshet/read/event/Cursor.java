package dev.freshet.read.event;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a subscriber is.
 *
 * @param lsn of the last entry of the log that it has passed
 * @param ordinal the same entry's place in its transaction
 * @param relation the same entry's table
 * @param isWithin whether it was told events of a transaction whose end it was not told yet
 * @param after where it said that it stands; null once that is known to be a part of this history
 * @param tables whose events it gets; it starts over when they are others
 */
public record Cursor(
    Lsn lsn,
    long ordinal,
    int relation,
    boolean isWithin,
    @Nullable Position after,
    List<EventTables.Table> tables) {

  static Cursor after(Position after, List<EventTables.Table> tables) {
    return new Cursor(after.lsn(), Long.MAX_VALUE, Integer.MAX_VALUE, false, after, tables);
  }

  static Cursor atTheBeginning(List<EventTables.Table> tables) {
    return new Cursor(Lsn.parse("0/0"), 0, 0, false, null, tables);
  }

  Cursor settled() {
    return new Cursor(lsn, ordinal, relation, isWithin, null, tables);
  }

  Cursor at(EventLog.Entry last, boolean within) {
    return new Cursor(last.position().lsn(), last.ordinal(), last.relation(), within, null, tables);
  }
}
