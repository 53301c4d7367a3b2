package dev.freshet.sync;

import dev.freshet.protocol.ReadDatabase;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Place;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Hands on what readers of the read database wait for; they tell it by NOTIFY. */
final class Wishes {

  private final Connection listening;
  private final ChangeSource source;
  private final int epoch;

  /**
   * Prepares to listen.
   *
   * @param listening to the read database, used by nobody else
   * @param epoch that the source is in; a wish names a place within it
   */
  Wishes(Connection listening, ChangeSource source, int epoch) {
    this.listening = listening;
    this.source = source;
    this.epoch = epoch;
  }

  /** Listens until the thread is interrupted or the connection fails. */
  void run() throws SQLException {
    try (Statement statement = listening.createStatement()) {
      statement.execute("listen " + ReadDatabase.WANTED_CHANNEL);
    }
    PGConnection notifications = listening.unwrap(PGConnection.class);
    while (!Thread.currentThread().isInterrupted()) {
      // Zero waits for as long as it takes.
      PGNotification[] wanted = notifications.getNotifications(0);
      for (PGNotification wish : wanted == null ? new PGNotification[0] : wanted) {
        source.wish(Place.of(epoch, wish.getParameter()));
      }
    }
  }
}
