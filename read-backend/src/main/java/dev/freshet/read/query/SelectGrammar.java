package dev.freshet.read.query;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@code select} and {@code order}. */
final class SelectGrammar {

  /** Types that a value may be turned into, and what SQL calls them. */
  private static final Map<String, String> CASTS = new LinkedHashMap<>();

  static {
    for (String type :
        List.of(
            "text",
            "integer",
            "bigint",
            "smallint",
            "numeric",
            "real",
            "boolean",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "interval",
            "uuid",
            "json",
            "jsonb")) {
      CASTS.put(type, type);
    }
    CASTS.putAll(
        Map.of(
            "int", "integer",
            "int2", "smallint",
            "int4", "integer",
            "int8", "bigint",
            "float4", "real",
            "float8", "double precision",
            "double precision", "double precision",
            "decimal", "numeric",
            "bool", "boolean",
            "varchar", "text"));
  }

  /** As many columns as a relation can have; PostgreSQL answers a little more. */
  private static final int MOST_VALUES = 1_600;

  private final Columns columns;

  SelectGrammar(Columns columns) {
    this.columns = columns;
  }

  /** The values that an answer's rows have; none when all columns are wanted. */
  List<Selected> select(String select) {
    QueryText text = QueryText.ofParameter("select", select);
    List<Selected> all = new ArrayList<>();
    do {
      for (Selected selected : item(text)) {
        if (!all.contains(selected)) {
          all.add(selected);
        }
      }
      if (all.size() > MOST_VALUES) {
        throw text.refusal(
            ProblemCode.BAD_VALUE, "a row has %d values at most.".formatted(MOST_VALUES));
      }
    } while (text.skip(","));
    if (!text.isAtEnd()) {
      throw text.refusal(
          ProblemCode.BAD_VALUE,
          "'%s' can't be read; commas part columns.".formatted(text.toEnd()));
    }
    refuseSameNames(text, all);
    boolean areAllAsTheyAre =
        all.stream()
                .map(Selected::name)
                .toList()
                .equals(List.copyOf(columns.model().columns().keySet()))
            && all.stream().allMatch(Selected::isColumnAsItIs);
    return areAllAsTheyAre ? List.of() : all;
  }

  private static void refuseSameNames(QueryText text, List<Selected> all) {
    Set<String> names = new HashSet<>();
    for (Selected selected : all) {
      if (!names.add(selected.name())) {
        throw text.refusal(
            ProblemCode.BAD_VALUE,
            "two values are called '%s'. Name one of them otherwise, as in other:%s."
                .formatted(selected.name(), selected.name()));
      }
    }
  }

  private List<Selected> item(QueryText text) {
    text.skipSpaces();
    if (text.skip("...")) {
      throw embedding(text, text.upTo("(,"));
    }
    if (text.skip("*")) {
      return columns.model().columns().keySet().stream().map(Selected::column).toList();
    }
    Field field = text.field(",:.()");
    String name = null;
    if (text.isAt(":") && !text.isAt("::")) {
      if (!field.path().isEmpty()) {
        throw text.refusal(
            ProblemCode.BAD_VALUE,
            "a name for the answer stands before ':', and no path. Put it into double quotes if it is one.");
      }
      text.skip(":");
      name = field.column();
      field = text.field(",:.()");
    }
    if (text.skip("(")) {
      if (!field.equals(Field.of(Aggregate.COUNT.word())) || !text.isAt(")")) {
        throw embedding(text, field.column());
      }
      return List.of(aggregated(text, Aggregate.COUNT, null, null, name));
    }
    columns.known(field, "select");
    String cast = text.skip("::") ? cast(text) : null;
    if (text.skip(".")) {
      String word = text.upTo("(,");
      Aggregate function =
          Aggregate.of(word)
              .orElseThrow(
                  () ->
                      text.refusal(
                          ProblemCode.BAD_VALUE,
                          "'%s' is no aggregate; there are %s, as in total.sum()."
                              .formatted(
                                  word,
                                  Arrays.stream(Aggregate.values())
                                      .map(Aggregate::word)
                                      .collect(Collectors.joining(", ")))));
      text.require("(", "An aggregate is column.sum().");
      return List.of(aggregated(text, function, field, cast, name));
    }
    return List.of(new Selected.Value(field, cast, name == null ? field.name() : name));
  }

  private Selected aggregated(
      QueryText text,
      Aggregate function,
      @Nullable Field field,
      @Nullable String cast,
      @Nullable String name) {
    text.require(")", "Nothing stands between the parentheses of an aggregate.");
    if (!columns.model().hasAggregates()) {
      throw text.unanswered(
          ProblemCode.BAD_VALUE,
          "'%s' answers no aggregates. Its file may allow them with aggregates: true, or declare a model of them, which is kept in step."
              .formatted(columns.model().name()),
          new PostgrestError(
              400, "PGRST123", "Use of aggregate functions is not allowed", null, null));
    }
    return new Selected.Aggregated(
        function,
        field,
        cast,
        text.skip("::") ? cast(text) : null,
        name == null ? function.word() : name);
  }

  private Refusal embedding(QueryText text, String other) {
    String hint = "A model holds what its readers need: add it to the model's SELECT.";
    return text.unanswered(
        ProblemCode.BAD_VALUE,
        "other models can't be embedded. " + hint,
        new PostgrestError(
            400,
            "PGRST200",
            "Could not find a relationship between '%s' and '%s' in the schema cache"
                .formatted(columns.model().name(), other),
            "Models are denormalised and have no relationships.",
            hint));
  }

  private static String cast(QueryText text) {
    String type = text.upTo(",:.()");
    String sql = CASTS.get(type);
    if (sql == null) {
      throw text.refusal(
          ProblemCode.BAD_VALUE,
          "'%s' is no type to turn a value into; there are %s."
              .formatted(type, String.join(", ", CASTS.keySet())));
    }
    return sql;
  }

  /** What to sort by. */
  List<ModelQuery.Order> order(String order) {
    List<ModelQuery.Order> members = new ArrayList<>();
    QueryText text = QueryText.ofParameter("order", order);
    do {
      Field field = columns.knownOrRank(text.field(".,"));
      boolean descending = false;
      ModelQuery.Nulls nulls = null;
      while (text.skip(".")) {
        String word = text.upTo(".,");
        switch (word) {
          case "asc" -> descending = false;
          case "desc" -> descending = true;
          case "nullsfirst" -> nulls = ModelQuery.Nulls.FIRST;
          case "nullslast" -> nulls = ModelQuery.Nulls.LAST;
          default ->
              throw text.refusal(
                  ProblemCode.BAD_VALUE,
                  "'%s' is not a direction; there are asc, desc, nullsfirst and nullslast. A column whose name holds a dot stands in double quotes."
                      .formatted(word));
        }
      }
      members.add(new ModelQuery.Order(field, descending, nulls));
    } while (text.skip(","));
    return members;
  }
}
