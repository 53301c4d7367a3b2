package dev.freshet.sync.upkeep;

import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.inference.Relations;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/** Plans how a declared model is kept, by what the source says now. */
public final class ModelPlanner {

  private final SourceSchema schema;

  public ModelPlanner(SourceSchema schema) {
    this.schema = schema;
  }

  /**
   * What came of planning.
   *
   * @param tables those that the model reads
   */
  public record Planned(Declared declared, ModelPlan plan, Map<TableName, SourceTable> tables) {}

  /** What the analysis did not expect is the model's own affair. */
  private static ModelPlan understood(ReadModel model, Relations relations) {
    try {
      return ModelPlan.of(model, relations);
    } catch (IndexOutOfBoundsException | NoSuchElementException | IllegalArgumentException e) {
      throw new SyncRefused(
          "Model %s can't be understood: %s. Write it in another way."
              .formatted(model.name(), e.getMessage()),
          e);
    }
  }

  /**
   * Plans a model.
   *
   * @throws SyncRefused when the source as it is can't answer it, or it can't be followed
   */
  public Planned plan(Declared declared) {
    ReadModel model = declared.model();
    Map<TableName, SourceTable> tables = new LinkedHashMap<>();
    Map<TableName, List<String>> columns = new HashMap<>();
    Map<TableName, List<String>> keys = new HashMap<>();
    Map<TableName, Map<String, String>> types = new HashMap<>();
    for (TableName name : ModelPlan.tables(model)) {
      Optional<SourceTable> table = schema.find(name);
      if (table.isEmpty()) {
        continue;
      }
      tables.put(name, table.get());
      columns.put(name, table.get().columns().stream().map(SourceTable.Column::name).toList());
      keys.put(name, table.get().isPrimaryKey() ? table.get().key() : List.of());
      Map<String, String> byColumn = new HashMap<>();
      table.get().columns().forEach(column -> byColumn.put(column.name(), column.type()));
      types.put(name, byColumn);
    }
    SourceSchema.Functions functions = schema.functions(ModelPlan.functions(model));
    ModelPlan plan =
        understood(
            model,
            new Relations(
                columns,
                keys,
                types,
                functions.aggregates(),
                functions.userAggregates(),
                functions.volatiles()));
    Map<String, String> result = schema.describe(model.name(), model.select());
    plan.requireExact(result);
    tables.keySet().retainAll(plan.tables());
    return new Planned(declared, plan, tables);
  }
}
