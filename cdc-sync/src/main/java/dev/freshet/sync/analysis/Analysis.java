package dev.freshet.sync.analysis;

import dev.freshet.sync.model.TableName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What PostgreSQL knows of a model's SELECT.
 *
 * @param select the same query with every name resolved: tables with their schemas, stars as lists,
 *     all identifiers in double quotes, functions and operators of the user's own with their
 *     schemas
 * @param columns of the result, in order, with their types as {@code format_type} has them
 * @param ambiguous columns of the result whose equal values may look different, as the numerics 1.0
 *     and 1.00 do
 * @param tables that it reads, anywhere in it and in the views that it reads
 * @param views that it reads, with their SELECTs in the same form
 * @param aggregates names of the aggregates that it calls
 * @param tableReaders functions of the user's own that may read tables by themselves
 * @param definitions of what it calls that is not PostgreSQL's own, and versions of what it relies
 *     on: when one of them changes, the same text means something else
 * @param objection why its result can differ over the same rows; empty when it can't
 */
public record Analysis(
    String select,
    Map<String, String> columns,
    Set<String> ambiguous,
    Set<TableName> tables,
    Map<TableName, String> views,
    Set<String> aggregates,
    Set<String> tableReaders,
    List<String> definitions,
    Optional<String> objection) {

  /** Copies the collections, in their order. */
  public Analysis {
    columns = new LinkedHashMap<>(columns);
    ambiguous = Set.copyOf(ambiguous);
    tables = Set.copyOf(tables);
    views = Map.copyOf(views);
    aggregates = Set.copyOf(aggregates);
    tableReaders = Set.copyOf(tableReaders);
    definitions = List.copyOf(definitions);
  }
}
