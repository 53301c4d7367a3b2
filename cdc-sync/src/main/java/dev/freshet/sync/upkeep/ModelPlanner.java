package dev.freshet.sync.upkeep;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.analysis.Analysis;
import dev.freshet.sync.analysis.Analyst;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.inference.ResolvedSelect;
import dev.freshet.sync.model.Fingerprint;
import dev.freshet.sync.model.FunctionMissing;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Plans how a declared model is kept: by what the source says of its tables now, and by what the
 * read database says of the SELECT over such tables.
 */
public final class ModelPlanner {

  /** Aggregates by syntax: PostgreSQL prints them by these names, and calls others. */
  private static final Set<String> WITHOUT_A_FUNCTION = Set.of("json_arrayagg", "json_objectagg");

  private final SourceSchema schema;
  private final WatchedDatabase readDatabase;
  private final ReadObjects objects;

  /** Plans for a read database, which gets what models need beside tables. */
  public ModelPlanner(SourceSchema schema, WatchedDatabase readDatabase, ReadObjects objects) {
    this.schema = schema;
    this.readDatabase = readDatabase;
    this.objects = objects;
  }

  /**
   * What came of planning.
   *
   * @param tables those that the model reads
   * @param functions of the source's own that its SELECT may call
   * @param views of the source that it may read
   */
  public record Planned(
      Declared declared,
      ModelPlan plan,
      Map<TableName, SourceTable> tables,
      List<UserFunction> functions,
      List<UserView> views) {

    /**
     * The names, without their schemas, of what it means something else by when that is altered.
     */
    public Set<String> definitions() {
      return Stream.concat(
              functions.stream().map(UserFunction::name), views.stream().map(UserView::name))
          .map(TableName::name)
          .collect(Collectors.toSet());
    }
  }

  /**
   * Plans a model by itself: each partition that it reads is a table of its own.
   *
   * @throws SyncRefused when the source as it is can't answer it, or it can't be followed
   * @throws ApplyFailed when the read database can't be asked
   */
  public Planned plan(Declared declared) {
    return plan(declared, List.of());
  }

  /**
   * Plans a model beside others.
   *
   * @param followed the tables that others read: a partition of one of them is read as a part of it
   * @throws SyncRefused when the source as it is can't answer it, or it can't be followed
   * @throws ApplyFailed when the read database can't be asked
   */
  public Planned plan(Declared declared, Set<TableName> followed) {
    Planned planned = plan(declared);
    Set<TableName> all = new HashSet<>(followed);
    all.addAll(planned.tables().keySet());
    return withParts(planned, schema.partitionsWithinOthers(all));
  }

  /**
   * The plan of a model that reads some partitions as parts of their parents.
   *
   * @param planned the plan of the model by itself
   * @param parts partitions, as {@link SourceSchema#partitionsWithinOthers} has them; those that
   *     the model does not read are passed over
   * @throws SyncRefused when one can't be read so
   */
  public Planned withParts(Planned planned, List<UserView> parts) {
    List<UserView> read =
        parts.stream().filter(part -> planned.tables().containsKey(part.name())).toList();
    if (read.isEmpty()) {
      return planned;
    }
    refuseHashPartitions(planned.declared(), read);
    return plan(planned.declared(), read);
  }

  /** Their condition names their parent by its {@code oid}, which means nothing elsewhere. */
  private static void refuseHashPartitions(Declared declared, List<UserView> parts) {
    for (UserView part : parts) {
      if (part.definition().contains("satisfies_hash_partition(")) {
        throw new SyncRefused(
            "Model %s reads %s, a hash partition, and its parent is followed, too, in whose name its changes come. Read the parent alone, or partitions alone."
                .formatted(declared.name(), part.name()));
      }
    }
  }

  private Planned plan(Declared declared, List<UserView> parts) {
    ReadModel model = declared.model();
    Set<String> names = SqlTokens.namesIn(model.select());
    List<UserView> views = schema.views(names);
    views.forEach(view -> names.addAll(SqlTokens.namesIn(view.definition())));
    parts.forEach(part -> names.addAll(SqlTokens.namesIn(part.definition())));
    Mentioned mentioned = mentioned(names);
    parts.forEach(part -> mentioned.tables().remove(part.name()));
    List<UserFunction> functions = schema.functions(names);
    Analysis analysis = analyse(model, names, mentioned, all(parts, views), functions);
    analysis
        .objection()
        .ifPresent(
            objection -> {
              throw new SyncRefused(
                  "Model %s can't be kept in step: %s.".formatted(model.name(), objection));
            });
    Map<TableName, SourceTable> tables = new LinkedHashMap<>(mentioned.tables());
    Set<TableName> byFunctions = readByFunctions(model, analysis);
    byFunctions.forEach(name -> schema.find(name).ifPresent(table -> tables.put(name, table)));
    ModelPlan plan = understood(model, analysis, meaning(analysis, functions), tables, byFunctions);
    schema.requireAnswerable(model.name(), analysis.select());
    tables.keySet().retainAll(plan.tables());
    return new Planned(declared, plan, tables, functions, views);
  }

  private static List<UserView> all(List<UserView> parts, List<UserView> views) {
    return Stream.concat(parts.stream(), views.stream()).toList();
  }

  private static String meaning(Analysis analysis, List<UserFunction> functions) {
    List<String> texts = new ArrayList<>(List.of(analysis.select()));
    texts.addAll(analysis.definitions());
    analysis.views().values().stream().sorted().forEach(texts::add);
    functions.stream().map(UserFunction::definition).sorted().forEach(texts::add);
    return Fingerprint.of(texts);
  }

  /**
   * Tables of the source whose names stand somewhere in a SELECT: all that it reads, and perhaps
   * others.
   *
   * @param unfit why some of them can't be mirrored
   */
  private record Mentioned(Map<TableName, SourceTable> tables, Map<TableName, SyncRefused> unfit) {}

  private Mentioned mentioned(Set<String> names) {
    Mentioned mentioned = new Mentioned(new LinkedHashMap<>(), new HashMap<>());
    for (TableName name : new TreeSet<>(schema.named(names))) {
      try {
        Optional<SourceTable> table = schema.find(name);
        if (table.isPresent()) {
          makeTypes(table.get());
          mentioned.tables().put(name, table.get());
        }
      } catch (SyncRefused e) {
        mentioned.unfit().put(name, e);
      }
    }
    return mentioned;
  }

  /** Most tables need none, and whoever makes types may have to wait for the batch that goes on. */
  private void makeTypes(SourceTable table) {
    List<UserType> needed = schema.userTypes(Set.of(table.oid()));
    if (!needed.isEmpty()) {
      objects.makeTypes(needed);
    }
  }

  private Analysis analyse(
      ReadModel model,
      Set<String> names,
      Mentioned mentioned,
      List<UserView> views,
      List<UserFunction> functions) {
    Map<String, String> refusals =
        functions.isEmpty() ? Map.of() : objects.makeFunctions(functions);
    try {
      try {
        return analyse(model, mentioned, views);
      } catch (FunctionMissing e) {
        List<UserType> extensions = List.copyOf(schema.extensions(names));
        if (extensions.isEmpty()) {
          throw e;
        }
        objects.makeTypes(extensions);
        return analyse(model, mentioned, views);
      }
    } catch (FunctionMissing e) {
      throw refusals.isEmpty()
          ? e
          : new SyncRefused(
              "%s The read database can't have %s: %s. Make it there by hand."
                  .formatted(
                      e.getMessage(),
                      String.join(", ", refusals.keySet()),
                      String.join(", ", refusals.values()).replace('\n', ' ')),
              e);
    } catch (TableMissing e) {
      throw mentioned.unfit().entrySet().stream()
          .filter(unfit -> String.valueOf(e.getMessage()).contains(unfit.getKey().name()))
          .map(Map.Entry::getValue)
          .findFirst()
          .orElse(e);
    }
  }

  private Analysis analyse(ReadModel model, Mentioned mentioned, List<UserView> views) {
    try (Connection connection = readDatabase.open("freshet-sync-plan")) {
      return new Analyst(connection).analyse(model, mentioned.tables().values(), views);
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    } catch (IllegalArgumentException e) {
      throw new SyncRefused(
          "Model %s can't be understood: %s. Write it in another way."
              .formatted(model.name(), e.getMessage()),
          e);
    }
  }

  /** Nobody sees which tables a function reads: the header has to say it. */
  private static Set<TableName> readByFunctions(ReadModel model, Analysis analysis) {
    if (analysis.tableReaders().isEmpty()) {
      return Set.of();
    }
    Set<TableName> declared = new HashSet<>(ModelPlan.affecting(model));
    declared.removeAll(analysis.tables());
    if (declared.isEmpty()) {
      throw new SyncRefused(
          "Model %s can't be kept in step: function %s is not immutable, so it may read tables that the SELECT does not name. Declare it immutable if it reads none; otherwise say in the header, under affects, which rows a change of each of these tables touches."
              .formatted(model.name(), String.join(", ", new TreeSet<>(analysis.tableReaders()))));
    }
    return declared;
  }

  /** What the analysis did not expect is the model's own affair. */
  private static ModelPlan understood(
      ReadModel model,
      Analysis analysis,
      String meaning,
      Map<TableName, SourceTable> tables,
      Set<TableName> byFunctions) {
    Set<TableName> read = new TreeSet<>(analysis.tables());
    read.addAll(byFunctions);
    try {
      ModelPlan plan =
          ModelPlan.of(
              model,
              new ResolvedSelect(
                  analysis.select(), analysis.columns(), analysis.ambiguous(), meaning),
              relations(tables, analysis),
              byFunctions);
      if (!plan.tables().equals(read)) {
        throw new IllegalArgumentException(
            "PostgreSQL says that it reads %s, and not %s".formatted(read, plan.tables()));
      }
      return plan;
    } catch (IndexOutOfBoundsException | NoSuchElementException | IllegalArgumentException e) {
      throw new SyncRefused(
          "Model %s can't be understood: %s. Write it in another way."
              .formatted(
                  model.name(), Optional.ofNullable(e.getMessage()).orElse(e.getClass().getName())),
          e);
    }
  }

  private static Relations relations(Map<TableName, SourceTable> tables, Analysis analysis) {
    Map<TableName, List<String>> columns = new HashMap<>();
    Map<TableName, List<String>> keys = new HashMap<>();
    Map<TableName, Map<String, String>> columnTypes = new HashMap<>();
    tables.forEach(
        (name, table) -> {
          columns.put(name, table.columns().stream().map(SourceTable.Column::name).toList());
          keys.put(name, table.isPrimaryKey() ? table.key() : List.of());
          Map<String, String> byColumn = new HashMap<>();
          table.columns().forEach(column -> byColumn.put(column.name(), column.type()));
          columnTypes.put(name, byColumn);
        });
    Set<String> aggregates = new HashSet<>(analysis.aggregates());
    aggregates.addAll(WITHOUT_A_FUNCTION);
    return new Relations(columns, keys, columnTypes, analysis.views(), aggregates);
  }
}
