package dev.freshet.sync.log;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceObserver;
import dev.freshet.sync.source.SourceTable;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Publishes a source's transactions to its log, from the log's own end on: nothing else says how
 * far it is. The source forgets what is in the log, and nothing before.
 */
public final class Publisher implements AutoCloseable {

  private final ChangeSources sources;
  private final LogTopic topic;
  private final Map<String, Object> client;
  private final Set<TableName> tables;
  private final SourceObserver observer;
  private volatile @Nullable Capture capture;
  private volatile boolean closed;

  /**
   * Prepares to publish.
   *
   * @param client properties of the connection to the broker
   * @param tables whose changes are published
   * @param observer takes what is seen of the source meanwhile
   */
  public Publisher(
      ChangeSources sources,
      LogTopic topic,
      Map<String, Object> client,
      Collection<TableName> tables,
      SourceObserver observer) {
    this.sources = sources;
    this.topic = topic;
    this.client = Map.copyOf(client);
    this.tables = Set.copyOf(tables);
    this.observer = observer;
  }

  /**
   * Publishes until it is closed, or something ends it; another run goes on from there.
   *
   * @throws SyncRefused when going on would leave a gap in the log
   * @throws Fenced when another publisher has taken over
   * @throws LogUnreachable when the broker does not answer
   */
  public void run() throws InterruptedException {
    topic.make(client);
    try (ChangeSource source = sources.connect();
        LogWriter writer = LogWriter.takeOver(topic, client)) {
      begin(source, writer);
      Map<TableName, SourceTable> published = published(source);
      CaptureRequest request =
          new CaptureRequest(published, Set.of(), Set.of(), writer::end, writer::write, observer);
      try (Capture running = source.capture(request)) {
        capture = running;
        if (!closed) {
          running.run();
        }
      } finally {
        capture = null;
      }
    }
  }

  /** Goes on from the log's end, or has an empty log begin where the source can go on from. */
  private void begin(ChangeSource source, LogWriter writer) {
    Held held =
        writer.isEmpty() ? new Held("", null) : new Held(source.origin().system(), writer.end());
    switch (source.continuation(held)) {
      case Continuation.GoOn() -> {}
      case Continuation.CopyAll(String because) when !writer.isEmpty() ->
          throw new SyncRefused(
              "The log %s can't go on without a gap: %s Take another name for a new log, and have the copies made anew from it."
                  .formatted(topic.log(), because));
      case Continuation.CopyAll(String ignored) -> {
        source.publish(tables);
        try (Seed seed = source.seed()) {
          writer.beginAt(seed.at());
        }
      }
    }
  }

  private Map<TableName, SourceTable> published(ChangeSource source) {
    source.publish(tables).requireAll(tables);
    Map<TableName, SourceTable> found = new LinkedHashMap<>();
    for (TableName name : tables) {
      found.put(
          name,
          source
              .schema()
              .find(name)
              .orElseThrow(() -> new SyncRefused("There is no table %s.".formatted(name))));
    }
    return found;
  }

  /** Ends {@link #run}; may be called from any thread. */
  @Override
  public void close() {
    closed = true;
    Capture running = capture;
    if (running != null) {
      running.close();
    }
  }
}
