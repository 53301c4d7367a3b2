package dev.freshet.sync.analysis;

/**
 * A function as {@code pg_proc} has it.
 *
 * @param builtIn whether it is PostgreSQL's own
 * @param name its qualified name; without its schema when it is PostgreSQL's own
 * @param kind f(unction), a(ggregate) or w(indow)
 * @param volatility i(mmutable), s(table) or v(olatile)
 * @param language such as sql or c
 * @param ofFloats whether an argument is of a floating-point type
 * @param dependsOnTables whether PostgreSQL knows that its body reads tables
 */
record Callable(
    boolean builtIn,
    String name,
    char kind,
    char volatility,
    String language,
    boolean ofFloats,
    boolean dependsOnTables) {

  /** Whether it is the user's own, and may read tables that the query does not name. */
  boolean mayReadTables() {
    boolean isCompiled = language.equals("c") || language.equals("internal");
    return !builtIn && (dependsOnTables || (volatility != 'i' && !isCompiled));
  }
}
