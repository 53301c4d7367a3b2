package dev.freshet.sync.log;

import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceFailed;
import dev.freshet.sync.source.SourceObserver;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.source.TransactionListener;
import dev.freshet.sync.task.BackgroundTasks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes a source's transactions to its log, from the log's own end on: nothing else says how
 * far it is. The source forgets what is in the log, and nothing before. Which tables, the copies
 * say.
 */
public final class Publisher implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Publisher.class);

  private static final Duration SNAPSHOT_AGAIN = Duration.ofSeconds(30);

  private final ChangeSources sources;
  private final LogAccess access;
  private final PublicTopics topics;
  private final Set<TableName> unclear;
  private final PublisherObserver observer;
  private final Consumer<ChangeSource> beside;
  private volatile @Nullable Capture capture;
  private volatile boolean closed;

  /**
   * Prepares to publish.
   *
   * @param topics that are written beside the log
   * @param unclear tables of which nobody can tell what their next rows mean: all copies are to be
   *     rebuilt
   * @param observer takes what is seen meanwhile
   * @param beside goes on beside it, until its thread is interrupted
   */
  public Publisher(
      ChangeSources sources,
      LogAccess access,
      PublicTopics topics,
      Set<TableName> unclear,
      PublisherObserver observer,
      Consumer<ChangeSource> beside) {
    this.beside = beside;
    this.sources = sources;
    this.access = access;
    this.topics = topics;
    this.unclear = Set.copyOf(unclear);
    this.observer = observer;
  }

  /**
   * Publishes until it is closed, or something ends it; another run goes on from there.
   *
   * @return how it ended, where that was foreseen
   * @throws EndSession when the next run has to start from what is true now
   * @throws SyncRefused when it must not go on
   * @throws Fenced when another publisher has taken over
   * @throws LogUnreachable when the broker does not answer
   */
  public SessionEnd run() {
    if (!sources.tryLead()) {
      return new SessionEnd.OtherLeads();
    }
    access.make();
    try (ChangeSource source = sources.connect()) {
      requireOwnLog(source.origin());
      return publish(source);
    }
  }

  /** Before its writer is shut out. */
  private void requireOwnLog(ChangeSource.Origin origin) {
    LogEnd.of(access)
        .map(LogEnd::state)
        .filter(state -> !state.origin().equals(origin))
        .ifPresent(
            state -> {
              throw new SyncRefused(
                  "The log %s is of database %s of system %s, and not of database %s of system %s. Name the right --primary, or another log with --name."
                      .formatted(
                          access.log(),
                          state.origin().database(),
                          state.origin().system(),
                          origin.database(),
                          origin.system()));
            });
  }

  private SessionEnd publish(ChangeSource source) {
    try (LogWriter writer = LogWriter.takeOver(access);
        LogWishes wishes = new LogWishes(access);
        TopicAdmin admin = new TopicAdmin(access.client())) {
      Set<TableName> wanted = new TreeSet<>(topics.sources());
      wanted.addAll(wishes.tables());
      PublishedState state = PublishedState.begin(source, writer, wanted, unclear, observer);
      PublicTopics.Opened opened = topics.open(access.log(), state.now(), admin);
      writer.alsoTo(opened.outlets(), opened.records());
      Set<TableName> missing = new TreeSet<>(topics.sources());
      missing.removeAll(state.now().tables());
      if (!missing.isEmpty()) {
        log.warn(
            "There are no topics of {} yet: the source has no such tables, or they can't be published. {}",
            missing,
            state.now().refused().reason());
      }
      observer.began(writer.end());
      publish(source, writer, wishes, state);
      return new SessionEnd.Stopped();
    }
  }

  private void publish(
      ChangeSource source, LogWriter writer, LogWishes wishes, PublishedState state) {
    BlockingQueue<Level> levels = new ArrayBlockingQueue<>(1);
    CaptureRequest request =
        new CaptureRequest(
            state.now().asCarried(),
            definitions(state.now().schema()),
            unclear,
            topics.tables(),
            writer::end,
            writing(writer, source),
            observing(source, levels));
    try (Capture running = source.capture(request);
        ChangeSource ofSchema = sources.connect();
        ChangeSource ofOthers = sources.connect()) {
      BackgroundTasks tasks = new BackgroundTasks(running::close);
      capture = running;
      if (closed) {
        return;
      }
      tasks.start("levels", () -> tellLevels(levels, writer));
      tasks.start("wishes", () -> followWishes(wishes, source, state));
      tasks.start("schema", () -> state.follow(ofSchema));
      tasks.start("others", () -> beside.accept(ofOthers));
      if (state.hasUnknown()) {
        tasks.start("since", () -> findSince(state));
      }
      try {
        running.run();
      } catch (RuntimeException e) {
        tasks.rethrow(); // a task that failed has ended the capture, which then complains
        throw e;
      } finally {
        capture = null;
        tasks.end();
      }
      if (!closed) {
        tasks.rethrow();
      }
    }
  }

  /** What was written is committed once its meaning is found out, which takes about as long. */
  private TransactionListener writing(LogWriter writer, ChangeSource source) {
    return new TransactionListener() {
      @Override
      public void committed(List<SourceTransaction> transactions) {
        committed(transactions, () -> {});
      }

      @Override
      public void committed(List<SourceTransaction> transactions, Runnable check) {
        writer.write(transactions, check);
        observer.published(transactions, writer.takeCounts(), source.now());
      }
    };
  }

  /** Whose alteration ends the capture: rows before and after it mean something else to models. */
  private static Set<String> definitions(SchemaImage schema) {
    Set<String> names = new TreeSet<>();
    schema.functions().forEach(function -> names.add(function.name().name()));
    schema.views().forEach(view -> names.add(view.name().name()));
    return names;
  }

  /**
   * The source was level with the log.
   *
   * @param at by the source's clock
   */
  private record Level(Place place, Instant at) {}

  private SourceObserver observing(ChangeSource source, BlockingQueue<Level> levels) {
    return new SourceObserver() {
      @Override
      public void marked(Place mark, Place end, @Nullable Claim claim, Instant at) {
        observer.marked(mark, end, claim, at);
      }

      @Override
      public void level(Place applied, long sinceNanos, Instant at) {
        levels.offer(new Level(applied, source.now().minusNanos(System.nanoTime() - sinceNanos)));
        observer.level(applied, sinceNanos, at);
      }

      @Override
      public void sawClaim(@Nullable Claim claim, Place end, Instant at) {
        observer.sawClaim(claim, end, at);
      }
    };
  }

  /** On a thread of its own, so that the source is watched while the broker is away. */
  private static void tellLevels(BlockingQueue<Level> levels, LogWriter writer) {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Level level = levels.take();
        writer.level(level.place(), level.at());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void followWishes(LogWishes wishes, ChangeSource source, PublishedState state) {
    while (!Thread.currentThread().isInterrupted()) {
      wishes.await(source::wish);
      state.wish(wishes.tables());
    }
  }

  /** A consistent snapshot comes after all transactions that were open when tables were added. */
  private void findSince(PublishedState state) {
    while (!Thread.currentThread().isInterrupted()) {
      try (ChangeSource source = sources.connect();
          Seed snapshot = source.snapshot()) {
        state.carriedSince(snapshot.at());
        return;
      } catch (SourceFailed e) {
        // Other copies can't give rows of these tables meanwhile, but everything else goes on.
        log.warn(
            "From where on the log has all changes of new tables can't be told yet: {}. It takes a replication slot for a moment",
            e.getMessage());
        LockSupport.parkNanos(SNAPSHOT_AGAIN.toNanos());
      }
    }
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
