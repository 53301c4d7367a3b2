package dev.freshet.sync.apply;

import dev.freshet.postgres.TextSearch;
import dev.freshet.sync.model.Audience;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The words of what is searched in a model, a column that PostgreSQL keeps with each row. */
final class SearchColumn {

  private final String model;
  private final TextSearch search;

  private SearchColumn(String model, TextSearch search) {
    this.model = model;
    this.search = search;
  }

  /** That of a model; empty where nothing of it is searched. */
  static Optional<SearchColumn> of(ReadModel model) {
    return Optional.ofNullable(model.search())
        .map(search -> new SearchColumn(model.name(), search));
  }

  /**
   * Adds it to an empty table.
   *
   * @throws SyncRefused when the header names what can't be searched
   */
  void add(Sql sql, String table) {
    Map<String, String> types = types(sql, table);
    if (types.containsKey(TextSearch.FIELD)) {
      throw refused(
          "it has a column %s, as a query calls all that is searched; name the column otherwise"
              .formatted(TextSearch.FIELD));
    }
    try {
      sql.run(
          "alter table %s add column %s tsvector generated always as (%s) stored"
              .formatted(table, TableName.quoted(TextSearch.COLUMN), search.vector("", types)));
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()));
    } catch (ApplyFailed e) {
      throw e.isByContent() ? refused(String.valueOf(e.getMessage())) : e;
    }
  }

  private SyncRefused refused(String why) {
    return new SyncRefused("Model %s: %s.".formatted(model, why.replace('\n', ' ')));
  }

  /** Indexes the document, and each column that is searched by itself and is not all of it. */
  void addIndexes(Sql sql, String table) {
    List<String> words = new ArrayList<>(List.of(TableName.quoted(TextSearch.COLUMN)));
    types(sql, table)
        .forEach(
            (column, type) -> {
              if (search.text().size() > 1 && search.hasColumn(column)) {
                words.add(search.vectorOf("", column, type));
              }
            });
    for (int i = 0; i < words.size(); i++) {
      sql.run(
          "create index %s on %s using gin ((%s))"
              .formatted(
                  TableName.quoted(TableName.fitting("%s search %d".formatted(model, i + 1))),
                  table,
                  words.get(i)));
    }
  }

  /** Who sees what of a model's table: whoever may not read all that is searched can't search. */
  static Audience audience(Sql sql, ReadModel model, String table) {
    TextSearch search = model.search();
    Audience audience = model.audience();
    if (search == null || audience.hidden().isEmpty()) {
      return audience;
    }
    Set<String> searched = search.columns(types(sql, table).keySet());
    Map<String, List<String>> hidden = new LinkedHashMap<>(audience.hidden());
    hidden.replaceAll(
        (role, columns) -> {
          if (columns.stream().noneMatch(searched::contains)) {
            return columns;
          }
          List<String> more = new ArrayList<>(columns);
          more.add(TextSearch.COLUMN);
          return more;
        });
    return new Audience(audience.policies(), hidden);
  }

  private static Map<String, String> types(Sql sql, String table) {
    Map<String, String> types = new LinkedHashMap<>();
    sql.columnsOf(table)
        .forEach(
            column ->
                types.put(String.valueOf(column.getFirst()), String.valueOf(column.getLast())));
    return types;
  }
}
