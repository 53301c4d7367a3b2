package dev.freshet.sync.analysis;

import java.util.regex.Pattern;

/**
 * A function as {@code pg_proc} has it.
 *
 * @param builtIn whether it is PostgreSQL's own
 * @param name its qualified name; without its schema when it is PostgreSQL's own
 * @param kind f(unction), a(ggregate) or w(indow)
 * @param volatility i(mmutable), s(table) or v(olatile)
 * @param language such as sql or c
 * @param arguments how many it has
 * @param ofFloats whether an argument is of a floating-point type
 * @param dependsOnTables whether PostgreSQL knows that its body reads tables
 */
record Callable(
    boolean builtIn,
    String name,
    char kind,
    char volatility,
    String language,
    int arguments,
    boolean ofFloats,
    boolean dependsOnTables) {

  /** Compiled functions that run a query or read a table which an argument names. */
  private static final Pattern TAKES_QUERIES =
      Pattern.compile(
          "(.*\\.)?(crosstab.*|connectby|xpath_table|(query|table|schema|database|cursor)_to_xml.*|ts_stat|ts_rewrite)");

  /** Whether it may read tables that the query does not name. */
  boolean mayReadTables() {
    boolean isCompiled = language.equals("c") || language.equals("internal");
    return dependsOnTables
        || TAKES_QUERIES.matcher(name).matches()
        || (!builtIn && volatility != 'i' && !isCompiled);
  }
}
