package dev.freshet.sync;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.apply.UserFunctions;
import dev.freshet.sync.apply.UserTypes;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import dev.freshet.sync.upkeep.ModelPlanner;
import dev.freshet.sync.upkeep.ModelPlanner.Planned;
import dev.freshet.sync.upkeep.ReadObjects;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What a session sets out with: plans by what the source's catalogue says now.
 *
 * @param kept models whose tables go on being followed, as they were declared when those were made
 * @param declared models whose declarations as they are now can be kept
 */
record SessionPlan(Map<String, Planned> kept, Map<String, Planned> declared) {

  /**
   * Plans. A kept model that the source can't answer any more is stopped.
   *
   * @throws SyncRefused when no model can be kept; it says why of each
   */
  static SessionPlan of(
      SourceSchema schema,
      Applier applier,
      WatchedDatabase readDatabase,
      Map<String, Declared> declared) {
    List<ModelStore.Stored> stored =
        applier.askBetween(registry -> registry.models().all()).stream()
            .filter(model -> declared.containsKey(model.name()) && model.state().isKept())
            .toList();
    Set<Declared> all = new LinkedHashSet<>();
    stored.forEach(model -> all.add(model.declared()));
    all.addAll(declared.values());
    Plans plans = Plans.of(schema, readDatabase, all);
    Map<String, Planned> kept = new LinkedHashMap<>();
    for (ModelStore.Stored model : stored) {
      SyncRefused refusal = plans.refused().get(model.declared());
      if (refusal != null) {
        stop(applier, model.name(), refusal);
        continue;
      }
      Planned planned = plans.planned(model.declared());
      if (meansWhatItMeant(model, planned)) {
        kept.put(model.name(), planned);
      } else {
        rebuild(applier, model.name());
      }
    }
    Map<String, Planned> now = new LinkedHashMap<>();
    declared.values().stream()
        .filter(model -> !plans.refused().containsKey(model))
        .forEach(model -> now.put(model.name(), plans.planned(model)));
    if (kept.isEmpty() && now.isEmpty()) {
      throw nothingToKeep(plans.refused().values());
    }
    return new SessionPlan(kept, now);
  }

  /**
   * What came of planning each model.
   *
   * @param refused those that can't be kept
   */
  private record Plans(Map<Declared, Planned> all, Map<Declared, SyncRefused> refused) {

    /** What one reads decides on how another is planned where that reads a partition of it. */
    static Plans of(
        SourceSchema schema, WatchedDatabase readDatabase, Collection<Declared> models) {
      ModelPlanner planner =
          new ModelPlanner(schema, readDatabase, new OnItsOwnConnection(readDatabase));
      Plans plans = new Plans(new LinkedHashMap<>(), new LinkedHashMap<>());
      models.forEach(model -> plans.add(model, () -> planner.plan(model)));
      Set<TableName> tables = new LinkedHashSet<>();
      plans.all.values().forEach(planned -> tables.addAll(planned.tables().keySet()));
      List<UserView> parts = schema.partitionsWithinOthers(tables);
      List.copyOf(plans.all.values())
          .forEach(
              planned -> plans.add(planned.declared(), () -> planner.withParts(planned, parts)));
      return plans;
    }

    private void add(Declared model, Supplier<Planned> planning) {
      all.remove(model);
      try {
        all.put(model, planning.get());
      } catch (ApplyFailed e) {
        refused.put(model, SessionPlan.refused(model, e));
      } catch (SyncRefused e) {
        refused.put(model, e);
      }
    }

    Planned planned(Declared model) {
      return Objects.requireNonNull(all.get(model));
    }
  }

  private static RuntimeException nothingToKeep(Collection<SyncRefused> refusals) {
    String why = refusals.stream().map(SyncRefused::getMessage).collect(Collectors.joining(" "));
    return refusals.stream().anyMatch(TableMissing.class::isInstance)
        ? new IllegalStateException(why)
        : new SyncRefused(why);
  }

  private static boolean meansWhatItMeant(ModelStore.Stored stored, Planned now) {
    return stored.meaning().isEmpty() || stored.meaning().equals(now.plan().meaning());
  }

  private static void rebuild(Applier applier, String model) {
    applier.between(
        registry ->
            registry.stop(
                model,
                ModelStore.State.BUILDING,
                "What its SELECT names was altered: a table, a view, a function, a type, an extension or a collation."));
  }

  private static void stop(Applier applier, String model, SyncRefused why) {
    applier.between(
        registry ->
            registry.stop(model, ModelStore.State.STOPPED, String.valueOf(why.getMessage())));
  }

  /**
   * The plan without the models that read tables which are not published; kept ones are stopped.
   *
   * @throws SyncRefused when that leaves none
   */
  SessionPlan onlyOf(Published published, Applier applier) {
    SyncRefused why = new SyncRefused(published.reason());
    Map<String, Planned> stillKept = new LinkedHashMap<>();
    kept.forEach(
        (name, planned) -> {
          if (Collections.disjoint(planned.tables().keySet(), published.missing())) {
            stillKept.put(name, planned);
          } else {
            stop(applier, name, why);
          }
        });
    Map<String, Planned> stillDeclared = new LinkedHashMap<>(declared);
    stillDeclared
        .values()
        .removeIf(planned -> !Collections.disjoint(planned.tables().keySet(), published.missing()));
    if (stillKept.isEmpty() && stillDeclared.isEmpty()) {
      throw why;
    }
    return new SessionPlan(stillKept, stillDeclared);
  }

  /**
   * What the read database says against a model is the model's own affair.
   *
   * @throws ApplyFailed when it is not
   */
  private static SyncRefused refused(Declared model, ApplyFailed why) {
    if (!why.isByContent()) {
      throw why;
    }
    return new SyncRefused(
        "Model %s: the read database can't answer it: %s".formatted(model.name(), why.getMessage()),
        why);
  }

  /** Before anything is followed, nothing has to wait for a batch. */
  private record OnItsOwnConnection(WatchedDatabase readDatabase) implements ReadObjects {

    @Override
    public void makeTypes(List<UserType> types) {
      inTransaction(sql -> UserTypes.make(sql, types));
    }

    @Override
    public Map<String, String> makeFunctions(List<UserFunction> functions) {
      Map<String, String> refusals = new LinkedHashMap<>();
      inTransaction(sql -> refusals.putAll(UserFunctions.make(sql, functions)));
      return refusals;
    }

    private void inTransaction(Consumer<Sql> work) {
      try (Sql sql = new Sql(readDatabase.open("freshet-sync-types"))) {
        sql.inTransaction(() -> work.accept(sql));
      } catch (SQLException e) {
        throw new ApplyFailed(e);
      }
    }
  }

  /** All tables that are to be followed. */
  Map<TableName, SourceTable> tables() {
    Map<TableName, SourceTable> tables = new LinkedHashMap<>();
    kept.values().forEach(planned -> tables.putAll(planned.tables()));
    declared.values().forEach(planned -> tables.putAll(planned.tables()));
    return tables;
  }

  /** The names of the functions and views of the source's own that they may name. */
  Set<String> definitions() {
    Set<String> definitions = new LinkedHashSet<>();
    kept.values().forEach(planned -> definitions.addAll(planned.definitions()));
    declared.values().forEach(planned -> definitions.addAll(planned.definitions()));
    return definitions;
  }

  /** The views of the source that they may read. */
  Set<UserView> views() {
    Set<UserView> views = new LinkedHashSet<>();
    kept.values().forEach(planned -> views.addAll(planned.views()));
    declared.values().forEach(planned -> views.addAll(planned.views()));
    return views;
  }

  /**
   * The models of the folder whose view can't differ from what the read database serves: those that
   * can be kept as they are declared now, and those of which nothing is kept.
   */
  List<ReadModel> viewable(Map<String, Declared> folder) {
    return readable(
        folder.values().stream()
            .filter(model -> declared.containsKey(model.name()) || !kept.containsKey(model.name()))
            .toList());
  }

  /** The models whose files can be read. */
  static List<ReadModel> readable(Collection<Declared> folder) {
    List<ReadModel> readable = new ArrayList<>();
    for (Declared model : folder) {
      try {
        readable.add(model.model());
      } catch (SyncRefused e) {
        // Which its refusal has said.
      }
    }
    return readable;
  }
}
