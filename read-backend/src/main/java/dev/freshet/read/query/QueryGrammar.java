package dev.freshet.read.query;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;

/**
 * Reads PostgREST's query grammar: {@code select}, {@code order}, {@code limit}, {@code offset},
 * and filters {@code column=[not.]operator.value}. A name that holds what the grammar reserves
 * stands in double quotes ({@link QueryText}). What it does not know it refuses by name.
 */
public final class QueryGrammar {

  /** How a query was read. */
  public sealed interface Reading {
    record Read(ModelQuery query) implements Reading {}

    record Refused(Problem problem) implements Reading {}
  }

  private static final Map<String, String> COMPARISONS =
      Map.of("eq", "=", "neq", "<>", "gt", ">", "gte", ">=", "lt", "<", "lte", "<=");

  private static final Map<String, String> PREDICATES =
      Map.of(
          "null",
          "null",
          "not_null",
          "not null",
          "true",
          "true",
          "false",
          "false",
          "unknown",
          "unknown");

  private static final String OPERATORS = "eq, neq, gt, gte, lt, lte, in, is, like, ilike";

  private static final Set<String> LOGIC = Set.of("and", "or", "not.and", "not.or");

  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private final Model model;

  private QueryGrammar(Model model) {
    this.model = model;
  }

  /** Reads the parameters of a query on many rows. */
  public static Reading read(Model model, MultiValueMap<String, String> parameters) {
    try {
      return new Reading.Read(new QueryGrammar(model).query(parameters));
    } catch (Refusal e) {
      return new Reading.Refused(e.problem());
    }
  }

  /** Reads a query for one row: its key, and the parameter {@code select} alone. */
  public static Reading readOne(
      Model model, List<String> key, MultiValueMap<String, String> parameters) {
    try {
      QueryGrammar grammar = new QueryGrammar(model);
      for (String parameter : parameters.keySet()) {
        if (!parameter.equals("select")) {
          throw new Refusal(
              ProblemCode.BAD_REQUEST,
              "A read by key takes select alone, not '%s'. Filter on /%s instead."
                  .formatted(parameter, model.name()));
        }
      }
      ModelQuery query = grammar.query(parameters);
      List<Filter> filters = new ArrayList<>();
      for (int i = 0; i < key.size(); i++) {
        filters.add(new Filter.Comparison(model.key().get(i), false, "=", key.get(i)));
      }
      return new Reading.Read(query.byKey(filters));
    } catch (Refusal e) {
      return new Reading.Refused(e.problem());
    }
  }

  private ModelQuery query(MultiValueMap<String, String> parameters) {
    List<Filter> filters = new ArrayList<>();
    parameters.forEach(
        (name, values) -> {
          if (!Set.of("select", "order", "limit", "offset").contains(name)) {
            values.forEach(value -> filters.add(filter(name, value == null ? "" : value)));
          }
        });
    return new ModelQuery(
        columns(single(parameters, "select")),
        filters,
        order(single(parameters, "order")),
        single(parameters, "limit").map(limit -> number("limit", limit)).orElse(null),
        single(parameters, "offset").map(offset -> number("offset", offset)).orElse(0L));
  }

  private static Optional<String> single(MultiValueMap<String, String> parameters, String name) {
    List<String> values = parameters.getOrDefault(name, List.of());
    if (values.size() > 1) {
      throw new Refusal(ProblemCode.BAD_VALUE, "'%s' is given more than once.".formatted(name));
    }
    return values.isEmpty() ? Optional.empty() : Optional.of(orEmpty(values.getFirst()));
  }

  private static String orEmpty(@Nullable String value) {
    return value == null ? "" : value;
  }

  private List<String> columns(Optional<String> select) {
    if (select.isEmpty() || select.get().equals("*")) {
      return List.of();
    }
    List<String> columns = new ArrayList<>();
    QueryText text = new QueryText("select", select.get());
    do {
      String column = known(text.upTo(","), "select");
      if (!columns.contains(column)) {
        columns.add(column);
      }
    } while (text.skip(','));
    return columns;
  }

  private List<ModelQuery.Order> order(Optional<String> order) {
    if (order.isEmpty()) {
      return List.of();
    }
    List<ModelQuery.Order> members = new ArrayList<>();
    QueryText text = new QueryText("order", order.get());
    do {
      String column = known(text.upTo(".,"), "order");
      boolean descending = false;
      String nulls = null;
      while (text.skip('.')) {
        String word = text.upTo(".,");
        switch (word) {
          case "asc" -> descending = false;
          case "desc" -> descending = true;
          case "nullsfirst" -> nulls = "first";
          case "nullslast" -> nulls = "last";
          default ->
              throw new Refusal(
                  ProblemCode.BAD_VALUE,
                  ("order: '%s' is not a direction; there are asc, desc, nullsfirst and nullslast."
                          + " A column whose name holds a dot stands in double quotes.")
                      .formatted(word));
        }
      }
      members.add(new ModelQuery.Order(column, descending, nulls));
    } while (text.skip(','));
    return members;
  }

  private Filter filter(String name, String expression) {
    if (LOGIC.contains(name)) {
      throw new Refusal(
          ProblemCode.UNKNOWN_OPERATOR,
          "'%s' is not supported; filters are joined by and. The operators are %s."
              .formatted(name, OPERATORS));
    }
    String column = known(QueryText.name("filter", name), "filter");
    boolean negated = expression.startsWith("not.");
    String rest = negated ? expression.substring("not.".length()) : expression;
    int dot = rest.indexOf('.');
    String operator = dot < 0 ? rest : rest.substring(0, dot);
    String value = dot < 0 ? "" : rest.substring(dot + 1);
    if (dot < 0 || !isOperator(operator)) {
      throw new Refusal(
          ProblemCode.UNKNOWN_OPERATOR,
          "%s=%s: '%s' is not an operator; the operators are %s, as in %s=eq.value."
              .formatted(column, expression, operator, OPERATORS, column));
    }
    return switch (operator) {
      case "in" -> new Filter.In(column, negated, members(column, value));
      case "is" -> new Filter.Is(column, negated, predicate(column, value));
      case "like", "ilike" ->
          new Filter.Matches(column, negated, operator, value.replace('*', '%'));
      default ->
          new Filter.Comparison(column, negated, COMPARISONS.getOrDefault(operator, "="), value);
    };
  }

  private static boolean isOperator(String text) {
    return COMPARISONS.containsKey(text) || Set.of("in", "is", "like", "ilike").contains(text);
  }

  private static String predicate(String column, String value) {
    String predicate = PREDICATES.get(value.toLowerCase(Locale.ROOT));
    if (predicate == null) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "%s=is.%s: is takes null, not_null, true, false or unknown.".formatted(column, value));
    }
    return predicate;
  }

  /** The members of {@code (a,b,"c,d")}. */
  private static List<String> members(String column, String list) {
    if (!list.startsWith("(") || !list.endsWith(")")) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "%s=in.%s: in takes a list in parentheses, as in %s=in.(a,b)."
              .formatted(column, list, column));
    }
    String inner = list.substring(1, list.length() - 1);
    return inner.isEmpty() ? List.of() : new QueryText(column + "=in", inner).members();
  }

  private static long number(String parameter, String value) {
    if (!NUMBER.matcher(value).matches()) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "%s=%s: %s takes a whole number from 0.".formatted(parameter, value, parameter));
    }
    return Long.parseLong(value);
  }

  private String known(String column, String where) {
    if (!model.columns().containsKey(column)) {
      throw new Refusal(
          ProblemCode.UNKNOWN_COLUMN,
          "%s: '%s' has no column '%s'; its columns are %s."
              .formatted(where, model.name(), column, String.join(", ", model.columns().keySet())));
    }
    return column;
  }
}
