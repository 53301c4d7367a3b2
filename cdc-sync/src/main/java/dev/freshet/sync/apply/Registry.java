package dev.freshet.sync.apply;

import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a read database keeps: mirrors of tables, tables of models, and what is being copied or
 * built.
 *
 * <p>{@link Applier#between} alone hands it out, for as long as its work runs: everything is at the
 * applied place then, and a transaction is open. Nobody else can change what is kept.
 */
public final class Registry {

  private final Stores stores;
  private final Sql sql;
  private final Kept kept;
  private final Map<TableName, PendingChanges> copying = new LinkedHashMap<>();
  private final Stops stops = new Stops();

  private volatile Set<TableName> mirrored = Set.of();
  private volatile Set<String> maintained = Set.of();
  private Set<String> inStores = Set.of();

  Registry(Stores stores) {
    this.stores = stores;
    this.sql = stores.sql();
    this.kept = new Kept(sql, stores.models(), stores.deadLetters(), stores.events());
  }

  /** The connection, with the transaction open. */
  public Sql sql() {
    return sql;
  }

  /** The models as they are stored. */
  public ModelStore models() {
    return stores.models();
  }

  /** The mirrored tables as they are stored. */
  public Map<TableName, SourceTable> storedMirrors() {
    return stores.mirrors().all();
  }

  public DeadLetters deadLetters() {
    return stores.deadLetters();
  }

  Kept kept() {
    return kept;
  }

  Map<TableName, PendingChanges> copying() {
    return copying;
  }

  Stops stops() {
    return stops;
  }

  /**
   * Whether a model's table has been kept equal to this plan up to now, so that the rows of a new
   * one are the same.
   */
  boolean isServedAs(Declared declared, ModelPlan plan) {
    return isMaintained(declared.name())
        && stores.models().all().stream()
            .filter(stored -> stored.name().equals(declared.name()))
            .anyMatch(
                stored ->
                    stored.state() == ModelStore.State.LIVE
                        && stored.declared().equals(declared)
                        && stored.meaning().equals(plan.meaning()));
  }

  /**
   * Stores keep serving a model's rows, which its new table has too, and fill a new index
   * meanwhile.
   */
  void renewInStores(String model) {
    kept.deltas().leaveOut(model);
  }

  /** Readers of stores have a model's rows no more until all of them are refilled. */
  void resetInStores(String model) {
    stores.followers().reset(model);
  }

  /** The tables whose rows are all there and followed; as of the last change. */
  Set<TableName> mirrored() {
    return mirrored;
  }

  /** The SELECT that a followed model's table is kept equal to, over the mirrors. */
  public Optional<String> selectOf(String model) {
    return Optional.ofNullable(kept.models().get(model)).map(MaintainedModel::select);
  }

  /** The names of the models that are kept in stores, too. */
  Set<String> inStores() {
    return inStores;
  }

  /** The names of the models whose tables are followed; as of the last change. */
  Set<String> maintained() {
    return maintained;
  }

  private void changed() {
    mirrored = Set.copyOf(kept.mirrors().keySet());
    maintained = Set.copyOf(kept.models().keySet());
    inStores =
        kept.models().values().stream()
            .filter(model -> !model.model().stores().isEmpty())
            .map(MaintainedModel::name)
            .collect(Collectors.toSet());
  }

  /** Goes on with the mirrors that are stored. */
  void resume() {
    storedMirrors().values().forEach(table -> kept.mirrors().put(table.name(), new Mirror(table)));
    changed();
  }

  /** Forgets everything, before all of it is copied. */
  void clear() {
    kept.mirrors().clear();
    storedMirrors().keySet().forEach(stores.mirrors()::forget);
    stores.deadLetters().all().forEach(letter -> stores.deadLetters().remove(letter.id()));
    stores.events().clear();
    for (ModelStore.Stored model : stores.models().all()) {
      stores.models().change(model.name(), ModelStore.State.BUILDING, "");
    }
    changed();
  }

  /** Keeps a table's changes until its rows are copied. */
  public PendingChanges startCopying(TableName table) {
    stores.deadLetters().forget(null, table);
    kept.mirrors().remove(table);
    stores.mirrors().forget(table);
    stores.events().pause(table);
    PendingChanges pending = new PendingChanges();
    PendingChanges given = copying.put(table, pending);
    if (given != null) {
      given.close();
    }
    changed();
    return pending;
  }

  /** Gives a copy up. */
  public void stopCopying(TableName table) {
    PendingChanges pending = copying.remove(table);
    if (pending != null) {
      pending.close();
    }
  }

  /**
   * Follows a table from now on. Its rows are there, and nothing is pending.
   *
   * @param at where the source was when the rows were as they are
   */
  public void follow(SourceTable table, Place at) {
    copying.remove(table.name());
    stores.mirrors().put(table);
    kept.mirrors().put(table.name(), new Mirror(table));
    stores.events().follow(table, at);
    changed();
  }

  /**
   * Goes on with a mirror, altered as its table was altered meanwhile.
   *
   * @param earlier the table as the mirror was made
   * @param at where the mirror is
   * @return false when the mirror can't be altered so, and has to be copied again
   */
  public boolean follow(SourceTable table, SourceTable earlier, Place at) {
    Optional<List<String>> alterations = table.alterationsSince(earlier);
    boolean altered = alterations.isPresent() && Mirror.alter(sql, table, alterations.get());
    if (altered) {
      follow(table, at);
    }
    return altered;
  }

  /** Drops a table's copy, which is made again. */
  public void unfollowForNow(TableName table) {
    stores.events().pause(table);
    drop(table);
  }

  /** Drops a table's copy. */
  public void unfollow(TableName table) {
    stores.events().forget(table);
    drop(table);
  }

  private void drop(TableName table) {
    Mirror mirror = kept.mirrors().remove(table);
    stores.mirrors().forget(table);
    if (mirror != null) {
      mirror.drop(sql);
    }
    changed();
  }

  /**
   * Keeps a model's table from now on.
   *
   * @return false when the table was made by another plan, and has to be rebuilt
   */
  public boolean maintain(ModelPlan plan) {
    String states = statesTable(plan.model().name());
    boolean hasStates =
        !sql.query(
                "select 1 from pg_class where oid = to_regclass(%s)"
                    .formatted(TableName.literal(states)),
                List.of())
            .isEmpty();
    if (hasStates != plan.deltas().isPresent() || !hasColumnsOf(plan)) {
      return false;
    }
    kept.deltas().reset(plan.model().name(), "It was rebuilt.");
    kept.models()
        .put(
            plan.model().name(),
            new MaintainedModel(plan, plan.model().quotedName(), states, true));
    changed();
    return true;
  }

  /** Whether the table has the columns of the SELECT as it is planned now. */
  private boolean hasColumnsOf(ModelPlan plan) {
    Map<String, String> columns = new LinkedHashMap<>();
    sql.columnsOf(plan.model().quotedName())
        .forEach(
            column ->
                columns.put(String.valueOf(column.getFirst()), String.valueOf(column.getLast())));
    return List.copyOf(columns.entrySet()).equals(List.copyOf(plan.columns().entrySet()));
  }

  /**
   * Goes on with a model's table, if all tables that it reads are mirrored; else it is built again.
   *
   * @return whether its table serves
   */
  public boolean maintain(ModelPlan plan, Set<TableName> tables) {
    boolean serves = kept.mirrors().keySet().containsAll(tables) && maintain(plan);
    if (!serves) {
      stop(
          plan.model().name(),
          ModelStore.State.BUILDING,
          "A table that it reads was altered, or its plan is another one now.");
    }
    return serves;
  }

  /** The table with the states of a model's groups, where it is kept by delta. */
  static String statesTable(String model) {
    return "freshet." + TableName.quoted(statesName(model));
  }

  static String statesName(String model) {
    return TableName.fitting("groups of " + model);
  }

  /** Whether a model's table is kept now. */
  private boolean isMaintained(String model) {
    return kept.models().containsKey(model);
  }

  /** The tables that a model reads; none when it is not kept. */
  public Set<TableName> tablesOf(String model) {
    MaintainedModel kept = this.kept.models().get(model);
    return kept == null ? Set.of() : kept.tables();
  }

  /** Does not follow a model any more, and stores why. */
  public void stop(String model, ModelStore.State state, String reason) {
    stores.models().change(model, state, reason);
    stopped(model, reason);
  }

  /** Stores that a model is stopped; {@link #stopped} is called once that is committed. */
  void storeStopped(String model, String reason) {
    if (kept.models().containsKey(model)) {
      stores.models().change(model, ModelStore.State.STOPPED, reason);
    }
  }

  /**
   * Follows a model no more, neither its table nor one that is being built: both have missed
   * changes.
   */
  void stopped(String model, String reason) {
    BuildingModel unfinished = kept.building().remove(model);
    if (unfinished != null) {
      unfinished.fail(reason);
    }
    if (kept.models().remove(model) != null) {
      kept.deltas().reset(model, reason);
      changed();
    }
  }

  /**
   * Notes what changes touch while a model's new table is filled.
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
    kept.deltas().reset(model, "It is not declared any more.");
    stores.deadLetters().forget(model, null);
    stores.models().forget(model);
    sql.run("drop table if exists read." + TableName.quoted(model));
    sql.run("drop table if exists " + statesTable(model));
    changed();
  }

  /** Stores how a model without a table that serves stands. */
  public void remember(Declared declared, ModelStore.State state, String reason) {
    stores.deadLetters().forget(declared.name(), null);
    stores.models().put(declared, state, reason);
    kept.showLetters();
  }

  /** Stores that a model's table was made by a plan, and serves. */
  void rememberLive(Declared declared, ModelPlan plan) {
    stores.deadLetters().forget(declared.name(), null);
    stores.models().putLive(declared, plan.kept(), plan.meaning());
    kept.showLetters();
  }

  /** A model's declaration as it is now is refused; what serves goes on as it was before. */
  public void refuse(Declared declared, boolean isNew, String reason) {
    if (isNew) {
      remember(declared, ModelStore.State.STOPPED, reason);
      return;
    }
    String model = declared.name();
    stores
        .models()
        .change(
            model, isMaintained(model) ? ModelStore.State.LIVE : ModelStore.State.STOPPED, reason);
    kept.showLetters();
  }

  /** Has something done when everything up to a place is applied, and nothing after it. */
  public void stopAt(Place place, Runnable action) {
    stops.add(place, action);
  }

  void close() {
    copying.values().forEach(PendingChanges::close);
  }
}
