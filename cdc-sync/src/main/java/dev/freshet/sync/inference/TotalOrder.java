package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.OrderedCall;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import dev.freshet.sync.query.Window;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Finds orders with ties that decide on the result: copies may break such ties differently.
 *
 * <p>An order has no such ties if what it orders by determines all columns that the result shows,
 * see {@link Determined}: rows that are equal in these may change places.
 */
final class TotalOrder {

  /** Window functions whose result differs among rows that are equal in their order. */
  private static final Set<String> SENSITIVE = Set.of("row_number", "ntile");

  /** Those that show values of other rows, or gather them. */
  private static final Set<String> OF_OTHER_ROWS =
      Set.of(
          "lag",
          "lead",
          "first_value",
          "last_value",
          "nth_value",
          "array_agg",
          "string_agg",
          "json_agg",
          "jsonb_agg",
          "json_object_agg",
          "jsonb_object_agg",
          "xmlagg");

  private static final Pattern BEFORE_ARRAY =
      Pattern.compile("\\barray\\s*\\(\\s*$", Pattern.CASE_INSENSITIVE);

  private final Relations relations;

  private TotalOrder(Relations relations) {
    this.relations = relations;
  }

  /** What is to be written in another way; empty when no order has such ties. */
  static Optional<String> objection(Query query, Relations relations) {
    return new TotalOrder(relations).of(query);
  }

  private Optional<String> of(Query query) {
    return switch (query) {
      case Query.Values ignored -> Optional.empty();
      case Query.Combined combined when combined.isCut() && !isOrderedByAll(combined) ->
          Optional.of(
              "the order of LIMIT has ties, which copies may break differently; end its ORDER BY with %s"
                  .formatted(String.join(", ", combined.columns())));
      case Query.Combined combined ->
          combined.branches().stream().flatMap(branch -> of(branch).stream()).findFirst();
      case Select select ->
          ofOwn(select)
              .or(() -> select.nested().stream().flatMap(inner -> of(inner).stream()).findFirst());
    };
  }

  private static boolean isOrderedByAll(Query.Combined combined) {
    List<String> named = SqlTokens.of(combined.tail()).stream().map(SqlTokens.Token::text).toList();
    for (int i = 0; i < combined.columns().size(); i++) {
      if (!named.contains(combined.columns().get(i)) && !named.contains(String.valueOf(i + 1))) {
        return false;
      }
    }
    return true;
  }

  private Optional<String> ofOwn(Select select) {
    for (Output output : select.outputs()) {
      for (Window window : output.windows()) {
        boolean isOfOthers = OF_OTHER_ROWS.contains(window.function()) || window.countsRows();
        if (SENSITIVE.contains(window.function()) || isOfOthers) {
          List<Expression> shown = new ArrayList<>(shown(select));
          if (isOfOthers) {
            shown.add(output.expression());
          }
          List<Expression> given = new ArrayList<>(window.partition());
          given.addAll(window.order());
          Optional<String> why = ties(select, given, shown, window.function() + "'s rows");
          if (why.isPresent()) {
            return why;
          }
        }
      }
      for (OrderedCall call : output.ordered()) {
        List<Expression> given = new ArrayList<>(select.grouping().by());
        given.addAll(call.order());
        Optional<String> why =
            ties(select, given, List.of(call.argument()), call.function() + "'s rows");
        if (why.isPresent()) {
          return why;
        }
      }
    }
    for (Expression expression : select.expressions()) {
      for (Select array : arrays(expression)) {
        Optional<String> why =
            array.order().isEmpty()
                ? Optional.of("the order of ARRAY's rows is undefined; give its SELECT an ORDER BY")
                : ties(array, array.order(), shown(array), "ARRAY's rows");
        if (why.isPresent()) {
          return why;
        }
      }
    }
    if (!select.distinct().on().isEmpty()) {
      List<Expression> given = new ArrayList<>(select.distinct().on());
      given.addAll(select.order());
      return ties(select, given, shown(select), "DISTINCT ON");
    }
    return select.cut().isPresent() && !select.order().isEmpty()
        ? ties(select, select.order(), shown(select), "LIMIT")
        : Optional.empty();
  }

  /** The SELECTs whose rows become an array. */
  private static List<Select> arrays(Expression expression) {
    List<Select> arrays = new ArrayList<>();
    for (int i = 1; i < expression.parts().size(); i++) {
      boolean isArray =
          BEFORE_ARRAY.matcher(expression.parts().get(i - 1).sql()).find()
              && expression.parts().get(i - 1) instanceof Expression.Text;
      if (isArray
          && expression.parts().get(i) instanceof Expression.Nested(Query query)
          && query instanceof Select select) {
        arrays.add(select);
      }
    }
    return arrays;
  }

  /** What the result shows of a row, or of a group. */
  private static List<Expression> shown(Select select) {
    if (select.grouping().isThere()) {
      return select.grouping().by();
    }
    return select.outputs().stream()
        .filter(output -> output.windows().isEmpty())
        .map(Output::expression)
        .toList();
  }

  private Optional<String> ties(
      Select select, List<Expression> given, List<Expression> shown, String what) {
    if (select.grouping().sets().isPresent() || select.from().isEmpty()) {
      return Optional.empty();
    }
    Determined determined = Determined.by(select, given, relations);
    Set<String> missing = new TreeSet<>();
    for (Expression expression : shown) {
      if (!determined.has(expression)) {
        expression.columns().stream()
            .filter(column -> !determined.has(column))
            .forEach(column -> missing.addAll(breaking(select, column)));
      }
    }
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "the order of %s has ties, which copies may break differently; end its ORDER BY with %s"
                .formatted(what, String.join(", ", missing)));
  }

  /** What would tell the rows of a column's table apart: its key, else the column itself. */
  private Set<String> breaking(Select select, ColumnRef column) {
    Set<String> key = new LinkedHashSet<>();
    for (From.Item item : select.from().map(From::items).orElse(List.of())) {
      if (item instanceof From.Table table && table.alias().equals(column.alias())) {
        relations.keyOf(table).forEach(part -> key.add(table.alias() + "." + part));
      }
    }
    return key.isEmpty() ? Set.of(column.alias() + "." + column.column()) : key;
  }
}
