package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.seed.SeedServer;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Place;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens a log as a change source: whoever follows it asks nothing of the database behind it. */
public final class LogSources implements ChangeSources {

  /**
   * Which log.
   *
   * @param copy the read database's name
   * @param slot a name for what a primary makes while it seeds the copy
   * @param seeds servers that give rows, in the order in which they are asked
   */
  public record Settings(
      LogAccess access, String copy, String slot, List<SeedServer> seeds, Clock clock) {

    public Settings {
      seeds = List.copyOf(seeds);
    }

    @Override
    public String toString() {
      return "Settings[%s, %s]".formatted(access, copy); // the properties may hold passwords
    }
  }

  private final Settings settings;
  private final Wisher wisher;
  private final SourceTime time = new SourceTime();
  private @Nullable LogRecords search;

  /** What holds where the copy is; null before that is known. */
  private volatile @Nullable LogState inForce;

  /** The tables that the copy has asked for, and that are published. */
  private volatile Set<TableName> followed = Set.of();

  /** Where the copy is, while it follows the log. */
  private volatile Supplier<Place> applied = () -> Place.START;

  public LogSources(Settings settings) {
    this.settings = settings;
    this.wisher = new Wisher(settings.access(), settings.copy());
  }

  @Override
  public ChangeSource connect() {
    if (inForce == null) {
      settings.access().require();
    }
    return new LogSource(this);
  }

  Settings settings() {
    return settings;
  }

  Wisher wisher() {
    return wisher;
  }

  SourceTime time() {
    return time;
  }

  Instant now() {
    return time.at(settings.clock().instant());
  }

  /** What holds where the copy is, or at the log's end before it is anywhere. */
  LogState state() {
    LogState known = inForce;
    return known != null ? known : lastState();
  }

  /**
   * What holds at the log's end.
   *
   * @throws LogUnreachable when nothing says so
   */
  LogState lastState() {
    LogState last = end().state();
    if (last == null) {
      throw new LogUnreachable(
          "What the last transactions of the log %s mean has been deleted; its publisher says it again"
              .formatted(settings.access().log()),
          null);
    }
    return last;
  }

  void setState(LogState state) {
    inForce = state;
  }

  Set<TableName> followed() {
    return followed;
  }

  void setFollowed(Set<TableName> tables) {
    followed = Set.copyOf(tables);
  }

  Place applied() {
    return applied.get();
  }

  void setApplied(Supplier<Place> supplier) {
    applied = supplier;
  }

  /**
   * How the log ends.
   *
   * @throws LogUnreachable when there is nothing in it
   */
  LogEnd end() {
    return searching(LogEnd::of)
        .orElseThrow(
            () ->
                new LogUnreachable(
                    "There is nothing in the log %s yet; freshet publish writes it"
                        .formatted(settings.access().log()),
                    null));
  }

  /**
   * Looks into the log, by one connection until {@link #searched} or a failure.
   *
   * @throws LogUnreachable when the broker does not answer
   * @throws LogBroken when the log is damaged
   */
  synchronized <T> T searching(Function<LogRecords, T> question) {
    LogRecords records = search;
    if (records == null) {
      records = LogRecords.toSearch(settings.access());
      search = records;
    }
    try {
      return question.apply(records);
    } catch (RuntimeException e) {
      try {
        searched();
      } catch (RuntimeException notClosed) {
        e.addSuppressed(notClosed);
      }
      throw e;
    }
  }

  /** Nothing is looked for until something else has to be. */
  synchronized void searched() {
    LogRecords records = search;
    search = null;
    if (records != null) {
      records.close();
    }
  }

  @Override
  public void close() {
    searched();
    wisher.close();
  }
}
