package dev.freshet.sync.apply;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Applies source transactions to mirrors, models and position, on one connection.
 *
 * <p>Others work {@linkplain #between between} two batches: one at a time, in a transaction of
 * their own, when everything is at the {@linkplain #applied applied} position.
 */
public final class Applier implements AutoCloseable {

  private final ReentrantLock lock = new ReentrantLock(true);

  private final Sql sql;
  private final PositionStore positions;
  private final ModelStore modelStore;
  private final MirrorStore mirrorStore;
  private final DeadLetters deadLetters;
  private final Kept kept;
  private final Map<TableName, PendingChanges> copying = new LinkedHashMap<>();
  private final Stops stops = new Stops();
  private volatile Position applied;
  private long epoch;

  /** By relation; most of the time there are none to look for. */
  private volatile Map<String, Long> letters = Map.of();

  /**
   * Works on a connection of its own, which it closes.
   *
   * @param connection to the read database, with the pinned session settings
   */
  public Applier(Connection connection) {
    JdbcClient db = JdbcClient.create(new SingleConnectionDataSource(connection, true));
    this.sql = new Sql(connection);
    this.positions = new PositionStore(db);
    this.modelStore = new ModelStore(db);
    this.mirrorStore = new MirrorStore(db);
    this.deadLetters = new DeadLetters(db);
    this.kept = new Kept(sql, modelStore, deadLetters);
    this.applied = new Position(1, Lsn.ZERO);
  }

  public PositionStore positions() {
    return positions;
  }

  public ModelStore modelStore() {
    return modelStore;
  }

  public DeadLetters deadLetters() {
    return deadLetters;
  }

  public MirrorStore mirrorStore() {
    return mirrorStore;
  }

  /** Makes the schema that all of this is kept in. */
  public void install() {
    positions.install();
    modelStore.install();
    mirrorStore.install();
    deadLetters.install();
    letters = deadLetters.counts();
    sql.run("create schema if not exists read");
    BuildingModel.dropLeftOvers(sql);
  }

  /** Goes on from what is stored. */
  public void resume(PositionStore.Stored stored) {
    applied = stored.position();
    epoch = stored.epoch();
    mirrorStore
        .all()
        .values()
        .forEach(table -> kept.mirrors().put(table.name(), new Mirror(table)));
  }

  /** Empties everything for a first copy; readers stay away until it is complete. */
  public void beginCopy(String systemIdentifier, long epoch) {
    this.epoch = epoch;
    kept.mirrors().clear();
    sql.inTransaction(
        () -> {
          positions.beginCopy(systemIdentifier, epoch);
          mirrorStore.all().keySet().forEach(mirrorStore::forget);
          deadLetters.all().forEach(letter -> deadLetters.remove(letter.id()));
          for (ModelStore.Stored model : modelStore.all()) {
            modelStore.change(model.name(), ModelStore.State.BUILDING, "");
          }
        });
  }

  /** Says that the first copy is complete. */
  public void completeCopy(Position at) {
    sql.inTransaction(() -> positions.completeCopy(at, epoch));
    applied = at;
  }

  /**
   * Works between two batches, in a transaction; what it throws rolls that back.
   *
   * @throws IllegalStateException when another process has taken over since
   */
  public void between(Consumer<Sql> work) {
    lock.lock();
    try {
      sql.inTransaction(
          () -> {
            if (epoch > 0) {
              positions.requireEpoch(epoch);
            }
            work.accept(sql);
          });
    } finally {
      lock.unlock();
    }
  }

  /** The same with a result. */
  public <T> T askBetween(Function<Sql, T> work) {
    List<T> result = new ArrayList<>(1);
    between(same -> result.add(work.apply(same)));
    return result.getFirst();
  }

  /** Whether a table's rows are all there and followed. */
  public boolean isMirrored(TableName table) {
    return kept.mirrors().containsKey(table);
  }

  /** Keeps a table's changes until its rows are copied. Only {@linkplain #between between}. */
  public PendingChanges startCopying(TableName table) {
    deadLetters.forget(null, table);
    kept.mirrors().remove(table);
    mirrorStore.forget(table);
    PendingChanges pending = new PendingChanges();
    PendingChanges given = copying.put(table, pending);
    if (given != null) {
      given.close();
    }
    return pending;
  }

  /** Gives a copy up. */
  public void stopCopying(TableName table) {
    PendingChanges pending = copying.remove(table);
    if (pending != null) {
      pending.close();
    }
  }

  /** Follows a table from now on. Only {@linkplain #between between}, with nothing pending. */
  public void startFollowing(SourceTable table) {
    copying.remove(table.name());
    mirrorStore.put(table);
    kept.mirrors().put(table.name(), new Mirror(table));
  }

  /**
   * Alters a mirror as its table was altered. Only {@linkplain #between between}.
   *
   * @param actions as in ALTER TABLE
   * @return false when the mirror can't be altered so, and has to be copied again
   */
  public boolean alter(SourceTable table, List<String> actions) {
    boolean altered = Mirror.alter(sql, table, actions);
    if (altered) {
      startFollowing(table);
    }
    return altered;
  }

  /** Drops a table's copy. Only {@linkplain #between between}. */
  public void stopFollowing(TableName table) {
    Mirror mirror = kept.mirrors().remove(table);
    mirrorStore.forget(table);
    if (mirror != null) {
      mirror.drop(sql);
    }
  }

  /**
   * Keeps a model's table from now on. Only {@linkplain #between between}.
   *
   * @return false when the table was made by another plan, and has to be rebuilt
   */
  public boolean maintain(ModelPlan plan) {
    boolean hasStates =
        !sql.query(
                "select 1 from pg_class where oid = to_regclass(%s)"
                    .formatted(TableName.literal(statesTable(plan.model().name()))),
                List.of())
            .isEmpty();
    if (hasStates != plan.deltas().isPresent()) {
      return false;
    }
    kept.models()
        .put(
            plan.model().name(),
            new MaintainedModel(
                plan, plan.model().quotedName(), statesTable(plan.model().name()), true));
    return true;
  }

  /** The table with the states of a model's groups, where it is kept by delta. */
  static String statesTable(String model) {
    return "freshet." + TableName.quoted("groups of " + model);
  }

  /** Whether a model's table is kept now. */
  public boolean isMaintained(String model) {
    return kept.models().containsKey(model);
  }

  /** Does not follow a model any more, and says why. Only {@linkplain #between between}. */
  public void stop(String model, ModelStore.State state, String reason) {
    BuildingModel unfinished = kept.building().remove(model);
    if (unfinished != null) {
      // It may as well be the new table's plan that fails; the old one is seen on its own then.
      unfinished.fail(reason);
      return;
    }
    kept.models().remove(model);
    modelStore.change(model, state, reason);
  }

  /**
   * Notes what changes touch while a model's new table is filled. Only {@linkplain #between
   * between}.
   *
   * @throws SyncRefused when its plan can't be carried out
   */
  public void startBuilding(BuildingModel model) {
    model.maintained().tryWays(sql, kept.mirrors());
    kept.building().put(model.name(), model);
  }

  /** The new table is what is kept from now on, or has been given up. */
  public void stopBuilding(String model) {
    kept.building().remove(model);
  }

  /** Forgets a model that is not declared any more, and drops its table. */
  public void forget(String model) {
    kept.models().remove(model);
    deadLetters.forget(model, null);
    modelStore.forget(model);
    sql.run("drop table if exists read." + TableName.quoted(model));
    sql.run("drop table if exists " + statesTable(model));
  }

  /** Stores how a model stands. */
  public void remember(Declared declared, ModelStore.State state, String reason, String how) {
    deadLetters.forget(declared.name(), null);
    modelStore.put(declared, state, reason, how);
    kept.showLetters();
  }

  /** A model's declaration as it is now is refused; what serves goes on as it was before. */
  public void refuse(Declared declared, boolean isNew, String reason) {
    if (isNew) {
      remember(declared, ModelStore.State.STOPPED, reason, "");
      return;
    }
    String model = declared.name();
    modelStore.change(
        model, isMaintained(model) ? ModelStore.State.LIVE : ModelStore.State.STOPPED, reason);
    kept.showLetters();
  }

  /**
   * Applies whole transactions, in order, in one transaction: rows, models, position.
   *
   * <p>What some rows are refused for goes to the dead letters, and what it touches is not served
   * until it is right; a model whose SELECT or table refuses everything is stopped. The others go
   * on.
   *
   * @param timeline the source's timeline
   */
  public void apply(List<SourceTransaction> transactions, int timeline) {
    lock.lock();
    try {
      applyAll(stops.act(transactions, some -> applyAll(some, timeline)), timeline);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Says in the read database that the source had nothing beyond a position.
   *
   * @param at what was applied when the source was asked
   * @param sinceNanos when that was, of {@link System#nanoTime}
   * @return false when more was applied since: that says more than this
   */
  public boolean confirmLevel(Lsn at, long sinceNanos) {
    lock.lock();
    try {
      if (!applied.lsn().equals(at)) {
        return false;
      }
      Duration ago = Duration.ofNanos(System.nanoTime() - sinceNanos);
      sql.inTransaction(() -> positions.confirmLevel(at, ago, epoch));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void applyAll(List<SourceTransaction> transactions, int timeline) {
    SourceTransaction last = transactions.getLast();
    Position reached = new Position(timeline, last.end());
    boolean carefully = false;
    boolean done = false;
    while (!done) {
      Batch batch = batch(reached, carefully);
      try {
        sql.inTransaction(
            () -> {
              batch.apply(transactions);
              positions.advance(applied.lsn(), reached, last.committedAt(), epoch);
            });
        done = true;
      } catch (ModelFailed e) {
        if (carefully || !e.isByRows()) {
          sql.inTransaction(
              () -> {
                positions.requireEpoch(epoch);
                stop(e.model(), ModelStore.State.STOPPED, e.reason());
              });
        }
        carefully = true;
      } catch (ApplyFailed e) {
        if (carefully || !e.isByRows()) {
          throw e;
        }
        carefully = true;
      }
    }
    applied = reached;
    if (carefully || !letters.isEmpty()) {
      letters = deadLetters.counts();
    }
    PendingChanges.keep(copying, transactions);
  }

  /**
   * Has something done when everything up to a position is applied, and nothing after it. Only
   * {@linkplain #between between}.
   */
  public void stopAt(Lsn position, Runnable action) {
    stops.add(position, action);
  }

  /**
   * Tries a dead letter again.
   *
   * @return what the read database still says against it; empty when it went through
   */
  public Optional<String> retry(long id) {
    return settle(id, false);
  }

  /**
   * Gives a dead letter up: what it touches is recomputed from what is there.
   *
   * @return what the read database still says against that; empty when it went through
   */
  public Optional<String> discard(long id) {
    return settle(id, true);
  }

  private Batch batch(Position reached, boolean carefully) {
    return new Batch(kept, reached, !letters.isEmpty(), carefully);
  }

  private Optional<String> settle(long id, boolean givenUp) {
    try {
      return askBetween(
          same -> {
            DeadLetters.Letter letter =
                deadLetters
                    .find(id)
                    .orElseThrow(() -> new NoSuchElementException("No dead letter " + id));
            batch(applied, false).settle(letter, givenUp);
            letters = deadLetters.counts();
            return Optional.empty();
          });
    } catch (ModelFailed | ApplyFailed e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** The names of the models that are followed. */
  public Set<String> followed() {
    return Set.copyOf(kept.models().keySet());
  }

  /** How many dead letters wait, by relation. */
  public Map<String, Long> letters() {
    return letters;
  }

  /** Applied up to here. */
  public Position applied() {
    return applied;
  }

  @Override
  public void close() {
    copying.values().forEach(PendingChanges::close);
    sql.close();
  }
}
