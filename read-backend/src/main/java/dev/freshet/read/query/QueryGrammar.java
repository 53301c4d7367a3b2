package dev.freshet.read.query;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;

/**
 * Reads PostgREST's query grammar: {@code select}, {@code order}, {@code limit}, {@code offset},
 * and filters ({@link ConditionGrammar}). A name that holds what the grammar reserves stands in
 * double quotes ({@link QueryText}). What it does not know it refuses by name.
 */
public final class QueryGrammar {

  /** How a query was read. */
  public sealed interface Reading {
    record Read(ModelQuery query) implements Reading {}

    record Refused(Problem problem) implements Reading {}
  }

  private static final Set<String> NO_FILTERS = Set.of("select", "order", "limit", "offset");

  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private final Model model;
  private final Columns columns;

  private QueryGrammar(Model model) {
    this.model = model;
    this.columns = new Columns(model);
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
      return new Reading.Read(new QueryGrammar(model).one(key, parameters));
    } catch (Refusal e) {
      return new Reading.Refused(e.problem());
    }
  }

  private ModelQuery one(List<String> key, MultiValueMap<String, String> parameters) {
    for (String parameter : parameters.keySet()) {
      if (!parameter.equals("select")) {
        throw new Refusal(
            ProblemCode.BAD_REQUEST,
            "A read by key takes select alone, not '%s'. Filter on /%s instead."
                .formatted(parameter, model.name()));
      }
    }
    List<Condition> conditions = new ArrayList<>();
    for (int i = 0; i < key.size(); i++) {
      conditions.add(new Condition.Compared(Field.of(model.key().get(i)), Operator.EQ, key.get(i)));
    }
    return query(parameters).byKey(new Condition.All(conditions));
  }

  private ModelQuery query(MultiValueMap<String, String> parameters) {
    SelectGrammar lists = new SelectGrammar(columns);
    return new ModelQuery(
        single(parameters, "select").map(lists::select).orElse(List.of()),
        where(parameters),
        single(parameters, "order").map(lists::order).orElse(List.of()),
        single(parameters, "limit").map(limit -> number("limit", limit)).orElse(null),
        single(parameters, "offset").map(offset -> number("offset", offset)).orElse(0L));
  }

  private Condition where(MultiValueMap<String, String> parameters) {
    ConditionGrammar grammar = new ConditionGrammar(columns);
    List<Condition> conditions = new ArrayList<>();
    parameters.forEach(
        (name, values) -> {
          if (!NO_FILTERS.contains(name)) {
            values.forEach(value -> conditions.add(grammar.parameter(name, orEmpty(value))));
          }
        });
    return new Condition.All(conditions);
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

  private static long number(String parameter, String value) {
    if (!NUMBER.matcher(value).matches()) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "%s=%s: %s takes a whole number from 0.".formatted(parameter, value, parameter));
    }
    return Long.parseLong(value);
  }
}
