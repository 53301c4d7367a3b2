package dev.freshet.sync.slot;

import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Notices that followed tables were altered: the log says nothing of it, and some of what ALTER
 * TABLE does to rows comes as no event.
 *
 * <p>It is asked before each batch is applied, or committed to a log: a table that is the same now
 * was the same when the batch was committed, so that nothing is claimed of a position past an
 * alteration that is not followed yet.
 */
public final class SchemaWatch {

  private final SourceCatalogue catalogue;
  private final Map<TableName, SourceTable> tables;
  private final Set<Long> oids;
  private final Set<Long> types;
  private final Set<String> definitions;
  private final String definedAtStart;
  private String fingerprint;

  /**
   * Watches tables.
   *
   * @param catalogue on a connection of its own
   * @param tables as they are followed
   * @param definitions names of the user's functions and views that models name
   */
  public SchemaWatch(
      SourceCatalogue catalogue, Map<TableName, SourceTable> tables, Set<String> definitions) {
    this.catalogue = catalogue;
    this.tables = Map.copyOf(tables);
    this.oids = tables.values().stream().map(SourceTable::oid).collect(Collectors.toSet());
    this.types = catalogue.types(oids);
    catalogue.planOnce();
    this.definitions = Set.copyOf(definitions);
    this.definedAtStart = ofDefinitions(fingerprint());
    this.fingerprint = "";
  }

  private String fingerprint() {
    return catalogue.fingerprint(oids, types, definitions);
  }

  /**
   * Compares.
   *
   * @throws EndSession when the next session has to see to a table
   */
  public void check() {
    String now = fingerprint();
    if (now.equals(fingerprint)) {
      return;
    }
    tables.forEach(
        (name, followed) -> {
          Optional<SourceTable> found = catalogue.find(name);
          if (found.isEmpty() || !found.get().isAs(followed)) {
            throw altered(name);
          }
        });
    if (!ofDefinitions(now).equals(definedAtStart)) {
      throw EndSession.outdated("A type, a function, a view or an extension was altered.");
    }
    fingerprint = now;
  }

  private static EndSession altered(TableName table) {
    return EndSession.outdated("Table %s was altered.".formatted(table));
  }

  private static String ofDefinitions(String fingerprint) {
    return fingerprint.substring(fingerprint.lastIndexOf('/'));
  }
}
