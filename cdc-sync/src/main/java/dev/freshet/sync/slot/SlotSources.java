package dev.freshet.sync.slot;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import java.time.Clock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Opens a PostgreSQL primary as a change source, by a replication slot of its own. */
public final class SlotSources implements ChangeSources {

  private final Settings settings;
  private final WatchedDatabase watched;
  private @Nullable SourceDatabase leading;

  /**
   * Which source.
   *
   * @param servers all that may be the primary
   * @param primary the server that is the primary now
   * @param slot name of slot and publication
   * @param clock that pings go by
   */
  public record Settings(PostgresUrl servers, PostgresUrl primary, String slot, Clock clock) {}

  /**
   * Watches from now on that the primary answers.
   *
   * @param givenUp learns it, once, when it does not
   */
  public SlotSources(Settings settings, Consumer<String> givenUp) {
    this.settings = settings;
    this.watched = new WatchedDatabase("source", settings.primary(), givenUp);
  }

  @Override
  public ChangeSource connect() {
    return new SlotSource(settings, watched, Failures.ask(() -> SourceDatabase.connect(watched)));
  }

  @Override
  public boolean tryLead() {
    SourceDatabase connected = Failures.ask(() -> SourceDatabase.connectToLead(watched));
    boolean leads =
        connected
            .db()
            .sql("select pg_try_advisory_lock(hashtextextended(:name, 0))")
            .param("name", "freshet publisher of " + settings.slot())
            .query(Boolean.class)
            .single();
    if (leads) {
      leading = connected;
    } else {
      Failures.run(connected::close);
    }
    return leads;
  }

  @Override
  public void close() {
    if (leading != null) {
      Failures.run(leading::close);
    }
    watched.close();
  }
}
