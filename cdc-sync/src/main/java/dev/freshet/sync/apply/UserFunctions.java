package dev.freshet.sync.apply;

import dev.freshet.sync.model.Fingerprint;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.UserFunction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The source's own functions, in the read database.
 *
 * <p>A comment says which of them were made here, and of which definition. Others of the same
 * signature are the operator's, and stay as they are.
 */
public final class UserFunctions {

  private static final String COMMENT = "freshet mirror ";

  private UserFunctions() {}

  /**
   * Makes the functions that are not there yet, and replaces those that are defined otherwise now.
   *
   * @return why some can't be made, by signature
   */
  public static Map<String, String> make(Sql sql, List<UserFunction> functions) {
    Map<String, String> refusals = new LinkedHashMap<>();
    // A body may call functions that come later, and read tables that are not here.
    sql.run("set local check_function_bodies = off");
    for (UserFunction function : functions) {
      if (comment(sql, function).map(there -> isToBeMade(there, function)).orElse(true)) {
        sql.run("savepoint function");
        try {
          replace(sql, function);
        } catch (ApplyFailed e) {
          sql.run("rollback to savepoint function");
          if (!e.isByContent()) {
            throw e;
          }
          refusals.put(function.signature(), String.valueOf(e.getMessage()));
        }
        sql.run("release savepoint function");
      }
    }
    return refusals;
  }

  /** Whether {@link #make} would replace one that is there. */
  public static boolean haveChanged(Sql sql, List<UserFunction> functions) {
    return functions.stream()
        .anyMatch(
            function ->
                comment(sql, function).map(there -> isToBeMade(there, function)).orElse(false));
  }

  private static boolean isToBeMade(String comment, UserFunction function) {
    return comment.startsWith(COMMENT) && !comment.equals(commentOf(function));
  }

  private static void replace(Sql sql, UserFunction function) {
    sql.run("create schema if not exists " + TableName.quoted(function.name().schema()));
    sql.run("savepoint replaced");
    try {
      sql.run(function.definition());
    } catch (ApplyFailed e) {
      // Another result or other names of arguments take another function.
      sql.run("rollback to savepoint replaced");
      sql.run("drop function if exists " + function.signature());
      sql.run(function.definition());
    }
    sql.run(
        "comment on function %s is %s"
            .formatted(function.signature(), TableName.literal(commentOf(function))));
  }

  /** A function's comment, empty text where it has none; nothing when there is no such function. */
  private static Optional<String> comment(Sql sql, UserFunction function) {
    return sql
        .query(
            "select coalesce(obj_description(f, 'pg_proc'), '') from to_regprocedure(%s) f where f is not null"
                .formatted(TableName.literal(function.signature())),
            List.of())
        .stream()
        .findFirst()
        .map(row -> String.valueOf(row.getFirst()));
  }

  private static String commentOf(UserFunction function) {
    return COMMENT + Fingerprint.of(List.of(function.definition()));
  }
}
