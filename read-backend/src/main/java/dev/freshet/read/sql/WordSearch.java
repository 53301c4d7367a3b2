package dev.freshet.read.sql;

import dev.freshet.postgres.TextSearch;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.Condition;
import dev.freshet.read.query.Field;
import java.util.List;

/** Full-text search as SQL. */
final class WordSearch {

  /** Also what the sync's sessions are pinned to, so that every copy finds the same words. */
  private static final String CONFIGURATION = "simple";

  private final Model model;
  private final SqlText sql;

  WordSearch(Model model, SqlText sql) {
    this.model = model;
    this.sql = sql;
  }

  /** That a row has the words. */
  SqlText condition(String alias, Condition.Contains contains) {
    vector(alias, contains).add(" @@ ");
    return words(contains);
  }

  /** How well a row matches all that is looked for: the sum of what PostgreSQL says of each. */
  SqlText rank(String alias, List<Condition.Contains> searches) {
    String before = "(";
    for (Condition.Contains contains : searches) {
      sql.add(before).add("coalesce(ts_rank(");
      vector(alias, contains).add(", ");
      words(contains).add("), 0)");
      before = " + ";
    }
    return sql.add(")");
  }

  private SqlText words(Condition.Contains contains) {
    return sql.add("%s(%s, ".formatted(function(contains.kind()), configuration(contains)))
        .bind(contains.words())
        .add(")");
  }

  private static String function(Condition.TextQuery kind) {
    return switch (kind) {
      case FTS -> "to_tsquery";
      case PLFTS -> "plainto_tsquery";
      case PHFTS -> "phraseto_tsquery";
      case WFTS -> "websearch_to_tsquery";
    };
  }

  /** What words are looked for in. */
  private SqlText vector(String alias, Condition.Contains contains) {
    Field field = contains.field();
    Model.Searched search = model.search();
    if (search != null && isSearched(field)) {
      return sql.add(
          search.isStored()
              ? alias + "." + Model.quoted(TextSearch.COLUMN)
              : search.texts().vector(alias + ".", model.columns()));
    }
    if (field.path().isEmpty() && sql.typeOf(field).equals("tsvector")) {
      return sql.field(alias, field);
    }
    sql.add("to_tsvector(%s, ".formatted(configuration(contains))).field(alias, field);
    return sql.add(sql.isJson(field) ? ")" : "::text)");
  }

  private boolean isSearched(Field field) {
    return field.path().isEmpty() && model.isSearched(field.column());
  }

  /** The language that is asked for; else the one that the model is searched by. */
  private String configuration(Condition.Contains contains) {
    if (contains.language() != null) {
      return TextSearch.configuration(contains.language());
    }
    Field field = contains.field();
    Model.Searched search = model.search();
    return search != null
            && (isSearched(field)
                || (field.path().isEmpty() && search.texts().hasColumn(field.column())))
        ? search.texts().configuration()
        : TextSearch.configuration(CONFIGURATION);
  }
}
