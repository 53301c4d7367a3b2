package dev.freshet.sync.source;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A whole schema as it was at one time, for whoever can't ask the source.
 *
 * @param tables all that can be mirrored
 * @param unfit the others
 * @param types by the {@link SourceTable#oid} of the table that needs them; nothing where it needs
 *     none
 * @param functions all that are the user's
 * @param extensions those that bring functions
 * @param views all that are the user's
 * @param partitions all tables that are parts of others
 */
public record SchemaImage(
    List<SourceTable> tables,
    List<Unfit> unfit,
    Map<Long, List<UserType>> types,
    List<UserFunction> functions,
    List<Brought> extensions,
    List<UserView> views,
    List<Partition> partitions)
    implements SourceSchema {

  /**
   * A table that can't be mirrored.
   *
   * @param reason why, and what to do
   */
  public record Unfit(TableName name, String reason) {}

  /**
   * What an extension brings.
   *
   * @param functions their names
   */
  public record Brought(UserType.Extension extension, Set<String> functions) {}

  public SchemaImage {
    tables = List.copyOf(tables);
    unfit = List.copyOf(unfit);
    types = Map.copyOf(types);
    functions = List.copyOf(functions);
    extensions = List.copyOf(extensions);
    views = List.copyOf(views);
    partitions = List.copyOf(partitions);
  }

  @Override
  public SchemaImage image() {
    return this;
  }

  /** What it is an image of does not change. */
  @Override
  public String version() {
    return "";
  }

  @Override
  public Optional<SourceTable> find(TableName name) {
    for (Unfit table : unfit) {
      if (table.name().equals(name)) {
        throw new SyncRefused(table.reason());
      }
    }
    return tables.stream().filter(table -> table.name().equals(name)).findFirst();
  }

  /** Whether a table is there, and a mirror of it as it was is one of it as it is here. */
  public boolean has(SourceTable table) {
    return tables.stream()
        .anyMatch(found -> found.name().equals(table.name()) && found.isAs(table));
  }

  @Override
  public List<UserType> userTypes(Set<Long> ofTables) {
    Set<UserType> all = new LinkedHashSet<>();
    ofTables.forEach(table -> all.addAll(types.getOrDefault(table, List.of())));
    return List.copyOf(all);
  }

  @Override
  public List<UserFunction> functions(Set<String> names) {
    return Definitions.functions(
        names,
        wanted ->
            functions.stream()
                .filter(function -> wanted.contains(function.name().name()))
                .toList());
  }

  @Override
  public List<UserType.Extension> extensions(Set<String> names) {
    List<UserType.Extension> found = new ArrayList<>();
    for (Brought brought : extensions) {
      if (names.stream().anyMatch(brought.functions()::contains)) {
        found.add(brought.extension());
      }
    }
    return found;
  }

  @Override
  public List<UserView> views(Set<String> names) {
    return Definitions.views(
        names,
        wanted -> views.stream().filter(view -> wanted.contains(view.name().name())).toList());
  }

  @Override
  public List<UserView> partitionsWithinOthers(Collection<TableName> ofTables) {
    return Definitions.partitionsWithin(ofTables, partitions);
  }

  @Override
  public Set<TableName> named(Set<String> names) {
    Set<TableName> found = new HashSet<>();
    tables.stream().map(SourceTable::name).forEach(found::add);
    unfit.stream().map(Unfit::name).forEach(found::add);
    found.removeIf(table -> !names.contains(table.name()));
    return found;
  }

  /** Nobody can be asked; what the read database says of a SELECT has to do. */
  @Override
  public void requireAnswerable(String model, String select) {}
}
