package dev.freshet.sync.analysis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a query tree says of a SELECT, wherever in it: in WITH, in subqueries, in expressions.
 *
 * <p>Functions and operators are named by their oids, so that no name can stand for another.
 */
final class QueryTree {

  /** In the order of PostgreSQL's {@code SQLValueFunctionOp}. */
  private static final List<String> SESSION_VALUES =
      List.of(
          "current_date",
          "current_time",
          "current_time",
          "current_timestamp",
          "current_timestamp",
          "localtime",
          "localtime",
          "localtimestamp",
          "localtimestamp",
          "current_role",
          "current_user",
          "user",
          "session_user",
          "current_catalog",
          "current_schema");

  /** Frame bits of {@code parsenodes.h}: ROWS, GROUPS. */
  private static final long FRAME_OF_ROWS = 0x4 | 0x8;

  /** Of {@code SubLinkType}. */
  private static final int EXISTS = 0;

  private final Set<Node> cutAtWill = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Long> functions = new LinkedHashSet<>();
  private final Set<Long> operators = new LinkedHashSet<>();
  private final Set<Long> constantTypes = new LinkedHashSet<>();
  private final Set<Long> collations = new LinkedHashSet<>();
  private final Set<String> sessionValues = new LinkedHashSet<>();
  private final List<Call> aggregates = new ArrayList<>();
  private final List<Call> windows = new ArrayList<>();
  private boolean lockingRows;
  private boolean sampling;
  private boolean systemColumns;
  private boolean cutWithoutOrder;
  private boolean distinctOnWithoutOrder;

  /**
   * A call of an aggregate or a window function.
   *
   * @param function its oid
   * @param ordered whether the call says in which order the rows come
   * @param byRows whether a window's frame counts rows, so that their order decides what is in it
   */
  record Call(long function, boolean ordered, boolean byRows) {}

  private QueryTree() {}

  /** Reads the actions of rules. */
  static QueryTree of(List<String> nodeTrees) {
    QueryTree tree = new QueryTree();
    for (String nodeTree : nodeTrees) {
      NodeReader.read(nodeTree).forEach(node -> tree.visit(node, Optional.empty()));
    }
    return tree;
  }

  private void visit(Node node, Optional<Node> query) {
    node.fields()
        .forEach(
            (field, value) -> {
              if (field.endsWith("collid") && value instanceof String oid && !oid.equals("0")) {
                collations.add(Long.valueOf(oid));
              }
            });
    switch (node.name()) {
      case "QUERY" -> query(node);
      case "SUBLINK" -> {
        // Which of the rows there are is all the same to EXISTS.
        if (node.number("subLinkType") == EXISTS) {
          node.node("subselect").ifPresent(cutAtWill::add);
        }
      }
      // Its name was RTE before PostgreSQL 16.
      case "RANGETBLENTRY", "RTE" -> sampling |= node.has("tablesample");
      case "VAR" -> systemColumns |= node.number("varattno") < 0;
      case "CONST" -> constantTypes.add(node.number("consttype"));
      case "SQLVALUEFUNCTION" -> sessionValues.add(sessionValue(node));
      case "FUNCEXPR" -> functions.add(node.number("funcid"));
      case "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR" ->
          operators.add(node.number("opno"));
      case "AGGREF" ->
          aggregates.add(new Call(node.number("aggfnoid"), node.has("aggorder"), false));
      case "WINDOWFUNC" -> windows.add(window(node, query));
      default -> {}
    }
    Optional<Node> here = node.is("QUERY") ? Optional.of(node) : query;
    node.children(child -> visit(child, here));
  }

  private void query(Node query) {
    lockingRows |= query.has("rowMarks") || query.isTrue("hasForUpdate");
    boolean isCut =
        (query.has("limitCount") && !cutAtWill.contains(query)) || query.has("limitOffset");
    cutWithoutOrder |= isCut && !query.has("sortClause");
    distinctOnWithoutOrder |=
        query.isTrue("hasDistinctOn")
            && query.nodes("sortClause").size() <= query.nodes("distinctClause").size();
  }

  private static String sessionValue(Node node) {
    int op = (int) node.number("op");
    return op < SESSION_VALUES.size() ? SESSION_VALUES.get(op) : "a value of the session";
  }

  private static Call window(Node call, Optional<Node> query) {
    Optional<Node> clause =
        query.flatMap(
            q ->
                q.nodes("windowClause").stream()
                    .filter(w -> w.number("winref") == call.number("winref"))
                    .findFirst());
    return new Call(
        call.number("winfnoid"),
        clause.map(w -> w.has("orderClause")).orElse(false),
        clause.map(w -> (w.number("frameOptions") & FRAME_OF_ROWS) != 0).orElse(false));
  }

  /** The oids of functions that it calls by their names. */
  Set<Long> functions() {
    return functions;
  }

  /** The oids of its operators. */
  Set<Long> operators() {
    return operators;
  }

  List<Call> aggregates() {
    return aggregates;
  }

  List<Call> windows() {
    return windows;
  }

  /** The oids of the types of its constants. */
  Set<Long> constantTypes() {
    return constantTypes;
  }

  /** The oids of the collations that its expressions are of or compare by. */
  Set<Long> collations() {
    return collations;
  }

  /** Such as current_date. */
  Set<String> sessionValues() {
    return sessionValues;
  }

  /** FOR UPDATE and its kin. */
  boolean locksRows() {
    return lockingRows;
  }

  boolean samples() {
    return sampling;
  }

  /** Such as ctid and xmin, which are those of the table that happens to be read. */
  boolean readsSystemColumns() {
    return systemColumns;
  }

  /** LIMIT or OFFSET over rows in no order. */
  boolean cutsWithoutOrder() {
    return cutWithoutOrder;
  }

  /** DISTINCT ON that any row of a group may win. */
  boolean isDistinctOnWithoutOrder() {
    return distinctOnWithoutOrder;
  }
}
