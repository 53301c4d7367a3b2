package dev.freshet.read.query;

import dev.freshet.protocol.PostgrestError;
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

    record Rejected(Refused refused) implements Reading {}
  }

  private static final Set<String> NO_FILTERS = Set.of("select", "order", "limit", "offset");

  private static final List<String> CURSORS = List.of("after", "before");

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
      return new Reading.Rejected(e.refused());
    }
  }

  /** Reads a query for one row: its key, and the parameter {@code select} alone. */
  public static Reading readOne(
      Model model, List<String> key, MultiValueMap<String, String> parameters) {
    try {
      return new Reading.Read(new QueryGrammar(model).one(key, parameters));
    } catch (Refusal e) {
      return new Reading.Rejected(e.refused());
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
    List<Selected> selected = single(parameters, "select").map(lists::select).orElse(List.of());
    List<ModelQuery.Order> asked = single(parameters, "order").map(lists::order).orElse(List.of());
    Condition where = where(parameters);
    if (asked.stream().anyMatch(this::isByRank) && where.searches().isEmpty()) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          "order: rank is how well a row matches a full-text filter, and there is none; add one, as in search=wfts.words.");
    }
    Long limit = single(parameters, "limit").map(value -> number("limit", value)).orElse(null);
    long offset = single(parameters, "offset").map(value -> number("offset", value)).orElse(0L);
    ModelQuery query = new ModelQuery(selected, where, asked, limit, offset, null);
    List<ModelQuery.Order> order = query.isGrouped() ? ofGroups(query) : downToTheKey(asked);
    return new ModelQuery(
        selected, query.where(), order, limit, offset, seek(parameters, query, order));
  }

  private boolean isByRank(ModelQuery.Order member) {
    return member.field().path().isEmpty() && model.isRank(member.field().column());
  }

  /** So that pages don't overlap and every copy answers alike. */
  private List<ModelQuery.Order> downToTheKey(List<ModelQuery.Order> asked) {
    List<ModelQuery.Order> order = new ArrayList<>(asked);
    model.key().stream()
        .map(Field::of)
        .filter(field -> asked.stream().noneMatch(member -> member.field().equals(field)))
        .forEach(field -> order.add(new ModelQuery.Order(field, false, null)));
    return order;
  }

  private static List<ModelQuery.Order> ofGroups(ModelQuery query) {
    for (ModelQuery.Order member : query.order()) {
      if (query.groups().stream().noneMatch(group -> isOf(member, group))) {
        throw new Refusal(
            ProblemCode.BAD_VALUE,
            "order: '%s' is none of the values by which rows are grouped; select it, too."
                .formatted(member.field().name()));
      }
    }
    List<ModelQuery.Order> order = new ArrayList<>(query.order());
    query.groups().stream()
        .filter(group -> group.cast() == null)
        .filter(group -> query.order().stream().noneMatch(member -> isOf(member, group)))
        .forEach(group -> order.add(new ModelQuery.Order(group.field(), false, null)));
    return order;
  }

  private static boolean isOf(ModelQuery.Order member, Selected.Value group) {
    return group.cast() == null && group.field().equals(member.field());
  }

  private @Nullable Seek seek(
      MultiValueMap<String, String> parameters, ModelQuery query, List<ModelQuery.Order> order) {
    List<String> names = CURSORS.stream().filter(name -> isCursor(name, parameters)).toList();
    if (names.isEmpty()) {
      return null;
    }
    if (names.size() > 1 || query.offset() > 0 || query.isGrouped() || model.key().isEmpty()) {
      throw new Refusal(
          ProblemCode.BAD_VALUE,
          names.size() > 1 || query.offset() > 0
              ? "One of after, before and offset says where a page begins; leave out the others."
              : "Only rows of a model with a key have cursors; use limit and offset.");
    }
    String name = names.getFirst();
    return Cursor.read(model, order, name, single(parameters, name).orElseThrow());
  }

  /** A cursor has no dot, and a filter on a column of that name has one. */
  private static boolean isCursor(String name, MultiValueMap<String, String> parameters) {
    return CURSORS.contains(name)
        && parameters.getOrDefault(name, List.of()).stream()
            .anyMatch(value -> !orEmpty(value).contains("."));
  }

  private Condition where(MultiValueMap<String, String> parameters) {
    ConditionGrammar grammar = new ConditionGrammar(columns);
    List<Condition> conditions = new ArrayList<>();
    parameters.forEach(
        (name, values) -> {
          if (!NO_FILTERS.contains(name) && !isCursor(name, parameters)) {
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
      String detail =
          "%s=%s: %s takes a whole number from 0.".formatted(parameter, value, parameter);
      throw value.matches("-\\d+")
          ? new Refusal(
              ProblemCode.BAD_VALUE,
              detail,
              new PostgrestError(416, "PGRST103", "Requested range not satisfiable", detail, null))
          : new Refusal(ProblemCode.BAD_VALUE, detail);
    }
    return Long.parseLong(value);
  }
}
