package dev.freshet.sync.analysis;

import dev.freshet.sync.analysis.QueryTree.Call;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Finds what makes a SELECT answer differently over the same rows: what depends on the time, the
 * session, chance or the order in which rows happen to come.
 */
final class Determinism {

  /** Stable by PostgreSQL's book, but only within one statement, transaction or session. */
  private static final Set<String> CHANGING_FUNCTIONS =
      Set.of(
          "now",
          "transaction_timestamp",
          "statement_timestamp",
          "current_setting",
          "current_database",
          "current_schema",
          "current_schemas",
          "current_user",
          "session_user",
          "pg_current_xact_id",
          "pg_current_xact_id_if_assigned",
          "pg_current_snapshot",
          "txid_current",
          "txid_current_if_assigned",
          "txid_current_snapshot",
          "inet_client_addr",
          "inet_client_port",
          "inet_server_addr",
          "inet_server_port",
          "pg_backend_pid",
          "pg_my_temp_schema",
          "pg_postmaster_start_time",
          "pg_conf_load_time",
          "system_user",
          "getpgusername",
          "version");

  /** Aggregates whose result follows the order of their rows. */
  private static final Set<String> ORDERED_AGGREGATES =
      Set.of(
          "array_agg",
          "string_agg",
          "json_agg",
          "json_agg_strict",
          "jsonb_agg",
          "jsonb_agg_strict",
          "json_object_agg",
          "json_object_agg_strict",
          "json_object_agg_unique",
          "json_object_agg_unique_strict",
          "jsonb_object_agg",
          "jsonb_object_agg_strict",
          "jsonb_object_agg_unique",
          "jsonb_object_agg_unique_strict",
          "xmlagg",
          "any_value");

  /** Over floating-point numbers their last digits follow the order of the rows. */
  private static final Pattern INEXACT_OVER_FLOATS =
      Pattern.compile("sum|avg|stddev.*|var.*|corr|covar.*|regr_(?!count).*");

  private static final Pattern WORDS_FOR_TIMES =
      Pattern.compile("\\b(?:now|today|tomorrow|yesterday)\\b");

  private final QueryTree tree;
  private final Map<Long, Callable> functions;

  /**
   * Looks at a tree.
   *
   * @param functions by oid, all that the tree names, those behind its operators too
   */
  Determinism(QueryTree tree, Map<Long, Callable> functions) {
    this.tree = tree;
    this.functions = functions;
  }

  /**
   * What stands in the way of the same answer every time.
   *
   * @param literals the texts of its literals, as they are written
   * @param mayHoldTimes whether a constant of it may be a date or a time
   */
  Optional<String> objection(Collection<String> literals, boolean mayHoldTimes) {
    if (tree.locksRows()) {
      return Optional.of("it locks the rows that it reads; leave out FOR UPDATE and its like");
    }
    if (tree.samples()) {
      return Optional.of("TABLESAMPLE picks other rows each time; write a condition instead");
    }
    if (tree.readsSystemColumns()) {
      return Optional.of(
          "it reads a system column, such as ctid or xmin, which differs from copy to copy; leave it out");
    }
    if (!tree.sessionValues().isEmpty()) {
      return Optional.of(changes(tree.sessionValues().iterator().next()));
    }
    if (tree.cutsWithoutOrder()) {
      return Optional.of("LIMIT or OFFSET without ORDER BY takes any rows; say in which order");
    }
    if (tree.isDistinctOnWithoutOrder()) {
      return Optional.of(
          "DISTINCT ON takes any row of those with the same values; say which comes first with ORDER BY");
    }
    return first(functions.keySet(), this::ofFunction)
        .or(() -> first(tree.aggregates(), this::ofAggregate))
        .or(() -> first(tree.windows(), this::ofWindow))
        .or(() -> mayHoldTimes ? ofLiterals(literals) : Optional.empty());
  }

  private static <T> Optional<String> first(
      Collection<T> all, Function<T, Optional<String>> objection) {
    return all.stream().flatMap(one -> objection.apply(one).stream()).findFirst();
  }

  private static String changes(String what) {
    return "'%s' changes without any row changing; leave it to the query that reads the model"
        .formatted(what);
  }

  private Optional<String> ofFunction(long oid) {
    Callable function = functions.get(oid);
    if (function == null) {
      return Optional.empty();
    }
    if (function.builtIn() && CHANGING_FUNCTIONS.contains(function.name())) {
      return Optional.of(changes(function.name()));
    }
    if (function.builtIn() && function.name().equals("age") && function.arguments() == 1) {
      return Optional.of("age() of one argument depends on today's date; give it both");
    }
    return function.volatility() == 'v'
        ? Optional.of(
            "function %s is volatile, so its result can change without any row changing; use an immutable one"
                .formatted(function.name()))
        : Optional.empty();
  }

  private Optional<String> ofAggregate(Call call) {
    return ofCall(
        call,
        Determinism::followsOrder,
        function ->
            function.name().equals("any_value")
                ? "any_value may pick any row; use min or max"
                : "the order of %1$s's rows is undefined; write %1$s(… order by …)"
                    .formatted(function.name()));
  }

  /** An aggregate over a whole partition needs no order; all else does. */
  private Optional<String> ofWindow(Call call) {
    return ofCall(
        call,
        function -> function.kind() != 'a' || call.byRows() || followsOrder(function),
        function ->
            "the order of %s's rows is undefined; write over (… order by …)"
                .formatted(function.name()));
  }

  private Optional<String> ofCall(
      Call call, Predicate<Callable> needsOrder, Function<Callable, String> inNoOrder) {
    Callable function = functions.get(call.function());
    if (function == null) {
      return Optional.empty();
    }
    if (isInexact(function)) {
      return Optional.of(inexact(function));
    }
    return needsOrder.test(function) && !call.ordered()
        ? Optional.of(inNoOrder.apply(function))
        : Optional.empty();
  }

  private static boolean followsOrder(Callable function) {
    return !function.builtIn() || ORDERED_AGGREGATES.contains(function.name());
  }

  private static boolean isInexact(Callable function) {
    return function.builtIn()
        && function.ofFloats()
        && INEXACT_OVER_FLOATS.matcher(function.name()).matches();
  }

  private static String inexact(Callable function) {
    return "%s sums floating-point numbers, whose last digits follow the order of the rows. Sum them as numeric, as in sum(x::numeric)"
        .formatted(function.name());
  }

  private static Optional<String> ofLiterals(Collection<String> literals) {
    return literals.stream()
        .filter(literal -> WORDS_FOR_TIMES.matcher(literal.toLowerCase(Locale.ROOT)).find())
        .findFirst()
        .map(literal -> "the literal %s means another time each day".formatted(literal));
  }
}
