package dev.freshet.read.query;

import dev.freshet.postgres.TextSearch;
import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;

/** The columns that a query may name. */
record Columns(Model model) {

  /**
   * A field to filter on: words can be looked for in all that is searched, too.
   *
   * @throws Refusal when there is none
   */
  Field knownOrSearched(Field field) {
    return isSearched(field) ? field : known(field, ConditionGrammar.FILTER);
  }

  /** Whether a field is all that is searched, and no column. */
  boolean isSearched(Field field) {
    return field.path().isEmpty() && model.isSearched(field.column());
  }

  /**
   * A field to sort by: how well a row matches is one, too.
   *
   * @throws Refusal when there is none
   */
  Field knownOrRank(Field field) {
    return field.path().isEmpty() && model.isRank(field.column()) ? field : known(field, "order");
  }

  /**
   * A field whose column there is.
   *
   * @param where names the part of the query in a refusal
   * @throws Refusal when there is none
   */
  Field known(Field field, String where) {
    if (model.isSearched(field.column())) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "%s: '%s' is all that is searched of '%s', for fts, plfts, phfts and wfts alone, as in search=wfts.words."
              .formatted(where, field.column(), model.name()));
    }
    if (!model.columns().containsKey(field.column())) {
      String columns = String.join(", ", model.columns().keySet());
      throw new Refusal(
          ProblemCode.UNKNOWN_COLUMN,
          "%s: '%s' has no column '%s'; its columns are %s.%s"
              .formatted(where, model.name(), field.column(), columns, aboutSearch(field)),
          new PostgrestError(
              400,
              "42703",
              "column %s.%s does not exist".formatted(model.name(), field.column()),
              null,
              "Its columns are %s.".formatted(columns)));
    }
    return field;
  }

  private String aboutSearch(Field field) {
    if (model.isRank(field.column())) {
      return " rank is for order alone, as in order=rank.desc.";
    }
    if (model.isSearched(TextSearch.FIELD)) {
      return " Words are searched by search=wfts.words.";
    }
    boolean isMeant =
        field.column().equals(TextSearch.FIELD) || field.column().equals(TextSearch.RANK);
    return isMeant
        ? " To search its words, add search: { text: [COLUMN, COLUMN] } to the model's header."
        : "";
  }
}
