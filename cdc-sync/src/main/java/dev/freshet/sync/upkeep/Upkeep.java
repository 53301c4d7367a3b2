package dev.freshet.sync.upkeep;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.Mirror;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.ModelStore.State;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.apply.UserFunctions;
import dev.freshet.sync.apply.UserTypes;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceFailed;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.status.Observation;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Keeps what is kept as it is declared, for as long as a session lasts. */
public final class Upkeep {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** A model that could not be planned may be by now: a table was made, say. */
  private static final Duration PLAN_AGAIN = Duration.ofSeconds(1);

  /** Between attempts at a model that goes on being refused. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** A view that was released for a migration comes back within this time. */
  private static final Duration VIEWS_EVERY = Duration.ofSeconds(5);

  private static final int MOST_WISHES = 100;

  private final Path folder;
  private final ChangeSource source;
  private final WatchedDatabase readDatabase;
  private final ModelPlanner planner;

  /** Empty where none are to be made, or the source has no such thing. */
  private final Optional<ModelViews> views;

  private final Applier applier;
  private final CopyComparison comparison;
  private final TableCopy tableCopy;
  private final ModelBuild modelBuild;
  private final Set<TableName> published;
  private final Set<String> watchedDefinitions;
  private final Consumer<Observation> observer;

  /** Models that an operator wants to be rebuilt. */
  private final LinkedBlockingQueue<String> wishes = new LinkedBlockingQueue<>(MOST_WISHES);

  private long viewsSeenNanos = System.nanoTime();

  private final Map<String, Attempt> attempts = new HashMap<>();

  /** As it was when everything was as declared; null while something is left to do. */
  private @Nullable Settled settled;

  /**
   * What an upkeep goes by.
   *
   * @param followed names of the models whose tables are followed
   */
  private record Settled(Map<String, Declared> declared, Set<String> followed) {

    boolean isComplete() {
      return declared.keySet().equals(followed);
    }
  }

  /** Why the source does not let a model's view be made, as it was told last. */
  private final Map<String, String> viewRefusals = new HashMap<>();

  /** What came of the last attempt to keep a model, and how long the next one waits. */
  private record Attempt(String text, long atNanos, Duration pause, String refusal) {}

  /**
   * What an upkeep works with.
   *
   * @param source that nobody else uses meanwhile
   * @param folder the models' files
   * @param installsViews whether the source gets the models as views
   * @param published the tables whose changes are captured
   * @param wish is told which place the sync had best get to soon
   * @param watchedDefinitions names of the functions and views whose alteration ends the session
   */
  public record Setting(
      ChangeSource source,
      WatchedDatabase readDatabase,
      Path folder,
      boolean installsViews,
      Set<TableName> published,
      Consumer<Place> wish,
      Set<String> watchedDefinitions) {}

  /** Prepares the upkeep of one session. */
  public Upkeep(
      Setting setting, Applier applier, CopyComparison comparison, Consumer<Observation> observer) {
    this.source = setting.source();
    this.readDatabase = setting.readDatabase();
    this.folder = setting.folder();
    this.planner = new ModelPlanner(source.schema(), readDatabase, new BetweenBatches(applier));
    this.views = setting.installsViews() ? source.views() : Optional.empty();
    this.applier = applier;
    this.comparison = comparison;
    Consumer<Progress> told = progress -> observer.accept(new Observation.Progressed(progress));
    this.tableCopy = new TableCopy(source, readDatabase, applier, setting.wish(), told);
    this.modelBuild = new ModelBuild(readDatabase, applier, told);
    this.published = Set.copyOf(setting.published());
    this.watchedDefinitions = Set.copyOf(setting.watchedDefinitions());
    this.observer = observer;
  }

  /** Asks for a model to be rebuilt. */
  public boolean wish(String model) {
    return wishes.offer(model);
  }

  /**
   * Works until the thread is interrupted.
   *
   * @throws EndSession when it can't go on without another session
   */
  public void run() throws SQLException {
    Set<String> wished = new HashSet<>();
    while (!Thread.currentThread().isInterrupted()) {
      reconcile(wished);
      wished.clear();
      try {
        String wish = wishes.poll(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
        if (wish != null) {
          wished.add(wish);
          wishes.drainTo(wished);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void reconcile(Set<String> wished) throws SQLException {
    Map<String, Declared> declared;
    try {
      declared = ModelFiles.read(folder);
    } catch (SyncRefused e) {
      observer.accept(new Observation.FolderUnreadable(String.valueOf(e.getMessage())));
      return;
    }
    if (!wished.isEmpty() || !new Settled(declared, applier.followed()).equals(settled)) {
      settled = null;
      reconcile(declared, wished);
      Settled now = new Settled(declared, applier.followed());
      settled = attempts.isEmpty() && now.isComplete() ? now : null;
    }
    if (System.nanoTime() - viewsSeenNanos > VIEWS_EVERY.toNanos()) {
      viewsSeenNanos = System.nanoTime();
      install(withoutAnotherTable(declared), false);
      source.views().ifPresent(all -> observer.accept(new Observation.ViewsSeen(all.names())));
    }
  }

  private void reconcile(Map<String, Declared> declared, Set<String> wished) throws SQLException {
    List<ModelStore.Stored> stored = applier.askBetween(kept -> kept.models().all());
    for (ModelStore.Stored model : stored) {
      if (!declared.containsKey(model.name())) {
        drop(model.name());
      }
    }
    Map<String, ModelStore.Stored> byName = new HashMap<>();
    stored.forEach(model -> byName.put(model.name(), model));
    announce(declared.values().stream().filter(m -> !byName.containsKey(m.name())).toList());
    for (Declared model : declared.values()) {
      Optional<ModelStore.Stored> there = Optional.ofNullable(byName.get(model.name()));
      boolean isKept =
          applier.followed().contains(model.name())
              && there.map(s -> s.declared().equals(model)).orElse(false);
      if (wished.contains(model.name()) || (!isKept && isDue(model))) {
        keep(model, there, wished.contains(model.name()));
      }
    }
  }

  /** All that are new at once: whoever waits for the models has to know of each. */
  private void announce(List<Declared> models) {
    if (!models.isEmpty()) {
      applier.between(kept -> models.forEach(model -> kept.remember(model, State.BUILDING, "")));
    }
  }

  /** The view first: a model that is forgotten is not checked again. */
  private void drop(String model) {
    String refusal = views.flatMap(all -> all.drop(model)).orElse("");
    applier.between(kept -> kept.forget(model));
    attempts.remove(model);
    viewRefusals.remove(model);
    observer.accept(new Observation.ModelChanged(model, "dropped", refusal));
  }

  private void install(List<ReadModel> models, boolean byMeaning) {
    Map<String, String> refusals =
        views.map(all -> all.install(models, byMeaning)).orElse(Map.of());
    for (ReadModel model : models) {
      String reason = refusals.get(model.name());
      if (reason == null) {
        viewRefusals.remove(model.name());
      } else if (!reason.equals(viewRefusals.put(model.name(), reason))) {
        observer.accept(new Observation.ModelChanged(model.name(), "without a view", reason));
      }
    }
  }

  /**
   * Models whose view can't differ from what is served here: those that are kept as they are
   * declared, and those that are not kept at all, which only the view answers.
   */
  private List<ReadModel> withoutAnotherTable(Map<String, Declared> declared) {
    return declared.values().stream()
        .filter(
            model ->
                applier.followed().contains(model.name()) != attempts.containsKey(model.name()))
        .flatMap(model -> readable(model).stream())
        .toList();
  }

  private static Optional<ReadModel> readable(Declared model) {
    try {
      return Optional.of(model.model());
    } catch (SyncRefused e) {
      return Optional.empty(); // which its refusal has said
    }
  }

  private boolean isDue(Declared model) {
    Attempt last = attempts.get(model.name());
    return last == null
        || !last.text().equals(model.text())
        || System.nanoTime() - last.atNanos() > last.pause().toNanos();
  }

  /**
   * Builds a model's table; a failure becomes the model's reason.
   *
   * @param isRepair whether somebody doubts what is there
   */
  private void keep(Declared model, Optional<ModelStore.Stored> there, boolean isRepair)
      throws SQLException {
    try {
      ModelPlanner.Planned planned = planner.plan(model, published);
      if (!watchedDefinitions.containsAll(planned.definitions())) {
        throw EndSession.outdated(
            "Model %s names functions or views that were not followed so far."
                .formatted(model.name()));
      }
      for (SourceTable table : planned.tables().values()) {
        if (!published.contains(table.name())) {
          publish(planned);
          throw EndSession.outdated(
              "Model %s reads tables that were not followed so far.".formatted(model.name()));
        }
        if (!applier.mirrored().contains(table.name())) {
          copy(table);
        }
      }
      if (isRepair) {
        requireTrueCopies(model, planned.tables().values());
      }
      createIndexes(planned);
      if (!applier.followed().contains(model.name())) {
        // A new one must be on every copy before the model is announced as live.
        install(List.of(planned.plan().model()), true);
      }
      observer.accept(new Observation.ModelChanged(model.name(), "building", ""));
      modelBuild.run(
          model,
          planned.plan(),
          applier.askBetween(kept -> kept.models().expectedRows(planned.plan().model())));
      // The next look sees to its view.
      viewsSeenNanos = System.nanoTime() - VIEWS_EVERY.toNanos() - 1;
      attempts.remove(model.name());
      observer.accept(new Observation.ModelChanged(model.name(), "live", ""));
    } catch (SyncRefused e) {
      refuse(model, there, String.valueOf(e.getMessage()));
    } catch (ApplyFailed e) {
      refuseByContent(model, there, e);
    } catch (SourceFailed e) {
      if (!e.isByContent()) {
        throw e;
      }
      refuse(
          model,
          there,
          "Model %s: the source refuses the rows of its tables: %s"
              .formatted(model.name(), e.getMessage()));
    } catch (SQLException e) {
      refuseByContent(model, there, new ApplyFailed(e));
    }
  }

  /** What is built of wrong copies is wrong. */
  private void requireTrueCopies(Declared model, Collection<SourceTable> tables)
      throws SQLException {
    try {
      Set<TableName> differing = comparison.differing(tables);
      if (!differing.isEmpty()) {
        throw new EndSession(new SessionEnd.CopiesDiffer(differing));
      }
    } catch (TimeoutException e) {
      throw new SyncRefused(
          "Model %s was not rebuilt: the copies of its tables can't be compared with the source now. %s. Rebuild it again later."
              .formatted(model.name(), e.getMessage()),
          e);
    }
  }

  /** What rows and tables are to blame for is the model's own affair; anything else is not. */
  private void refuseByContent(
      Declared model, Optional<ModelStore.Stored> there, ApplyFailed failure) {
    if (!failure.isByContent()) {
      throw failure;
    }
    refuse(
        model,
        there,
        "Model %s: the read database can't compute it: %s"
            .formatted(model.name(), failure.getMessage()));
  }

  private void refuse(Declared model, Optional<ModelStore.Stored> there, String reason) {
    Attempt last = attempts.get(model.name());
    boolean isNews = last == null || !last.refusal().equals(reason);
    Duration pause = last == null || isNews ? PLAN_AGAIN : longer(last.pause());
    attempts.put(model.name(), new Attempt(model.text(), System.nanoTime(), pause, reason));
    if (isNews) {
      observer.accept(new Observation.ModelChanged(model.name(), "refused", reason));
    }
    applier.between(kept -> kept.refuse(model, there.isEmpty(), reason));
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  /** Has the tables of a model published beside those that are; the next session captures them. */
  private void publish(ModelPlanner.Planned planned) {
    Set<TableName> all = new HashSet<>(published);
    all.addAll(planned.tables().keySet());
    source.publish(all).requireAll(planned.tables().keySet());
  }

  private void createIndexes(ModelPlanner.Planned planned) throws SQLException {
    try (Sql sql = new Sql(readDatabase.open("freshet-sync-index"))) {
      planned
          .tables()
          .values()
          .forEach(table -> new Mirror(table).indexes().create(sql, planned.plan().indexes()));
    }
  }

  /** What is made again would change what is followed: that takes another session. */
  private record BetweenBatches(Applier applier) implements ReadObjects {

    @Override
    public void makeTypes(List<UserType> types) {
      applier.between(
          kept -> {
            if (UserTypes.haveToBeMadeAgain(kept.sql(), types)) {
              throw EndSession.outdated("A type of a column was altered.");
            }
            UserTypes.make(kept.sql(), types);
          });
    }

    @Override
    public Map<String, String> makeFunctions(List<UserFunction> functions) {
      return applier.askBetween(
          kept -> {
            if (UserFunctions.haveChanged(kept.sql(), functions)) {
              throw EndSession.outdated("A function that models call was altered.");
            }
            return UserFunctions.make(kept.sql(), functions);
          });
    }
  }

  private void copy(SourceTable table) throws SQLException {
    boolean followed = false;
    try {
      tableCopy.run(table);
      followed = true;
    } finally {
      if (!followed) {
        applier.between(kept -> kept.stopCopying(table.name()));
      }
    }
  }
}
