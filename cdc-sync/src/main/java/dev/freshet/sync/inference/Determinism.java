package dev.freshet.sync.inference;

import dev.freshet.sync.inference.SqlTokens.Kind;
import dev.freshet.sync.inference.SqlTokens.Token;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Finds what makes a SELECT answer differently over the same rows: what depends on the time, the
 * session or chance, and aggregates over rows in no order.
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
          "version");

  private static final Set<String> CHANGING_WORDS =
      Set.of(
          "current_date",
          "current_time",
          "current_timestamp",
          "localtime",
          "localtimestamp",
          "current_user",
          "current_role",
          "current_catalog",
          "session_user",
          "system_user");

  private static final Set<String> CHANGING_LITERALS =
      Set.of("now", "today", "tomorrow", "yesterday");

  private static final Set<String> TIME_TYPES =
      Set.of("date", "time", "timestamp", "timestamptz", "timetz");

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
          "jsonb_object_agg",
          "json_arrayagg",
          "json_objectagg",
          "xmlagg",
          "any_value");

  private Determinism() {}

  /**
   * What stands in the way of the same answer every time.
   *
   * @param volatileFunctions those of {@link SqlTokens#called} that the catalogue says are volatile
   * @param userAggregates those that are aggregates of the user's own
   */
  static Optional<String> objection(
      String select, Set<String> volatileFunctions, Set<String> userAggregates) {
    List<Token> tokens = SqlTokens.of(select);
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      boolean isCall = i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("(");
      if (token.isWord("tablesample")) {
        return Optional.of("TABLESAMPLE picks other rows each time; write a condition instead");
      }
      if ((token.kind() == Kind.WORD && CHANGING_WORDS.contains(token.text()))
          || (isCall && token.isName() && CHANGING_FUNCTIONS.contains(token.text()))) {
        return Optional.of(
            "'%s' changes without any row changing; leave it to the query that reads the model"
                .formatted(token.text()));
      }
      if (isCall && token.isName() && volatileFunctions.contains(token.text())) {
        return Optional.of(
            "function %s is volatile, so its result can change without any row changing; use an immutable one"
                .formatted(token.text()));
      }
      if (isCall
          && token.isName()
          && token.text().equals("age")
          && !SqlTokens.has(tokens, i + 1, within -> within.isSymbol(","))) {
        return Optional.of("age() of one argument depends on today's date; give it both");
      }
      if (token.kind() == Kind.STRING && isChangingLiteral(tokens, i)) {
        return Optional.of("the literal %s means another time each day".formatted(token.text()));
      }
      if (isCall
          && token.isName()
          && (ORDERED_AGGREGATES.contains(token.text()) || userAggregates.contains(token.text()))
          && !isOrdered(tokens, i + 1)) {
        return Optional.of(
            token.text().equals("any_value")
                ? "any_value may pick any row; use min or max"
                : "the order of %s's rows is undefined; write %s(… order by …)"
                    .formatted(token.text(), token.text()));
      }
    }
    return Optional.empty();
  }

  private static boolean isChangingLiteral(List<Token> tokens, int at) {
    String text = tokens.get(at).text();
    String bare =
        text.length() < 2
            ? ""
            : text.substring(1, text.length() - 1).strip().toLowerCase(Locale.ROOT);
    if (!CHANGING_LITERALS.contains(bare)) {
      return false;
    }
    Token before = at > 0 ? tokens.get(at - 1) : null;
    Token after = at + 1 < tokens.size() ? tokens.get(at + 1) : null;
    boolean typed =
        after != null && (after.isSymbol("::") || after.isWord("as")) && isTimeType(tokens, at + 2);
    return typed || (before != null && TIME_TYPES.contains(before.text()));
  }

  private static boolean isTimeType(List<Token> tokens, int at) {
    return at < tokens.size() && TIME_TYPES.contains(tokens.get(at).text());
  }

  private static boolean isOrdered(List<Token> tokens, int open) {
    if (SqlTokens.has(tokens, open, token -> token.isWord("order"))) {
      return true;
    }
    int next = SqlTokens.closing(tokens, open) + 1;
    if (next + 1 < tokens.size() && tokens.get(next).isWord("filter")) {
      next = SqlTokens.closing(tokens, next + 1) + 1;
    }
    return next < tokens.size() && tokens.get(next).isWord("over");
  }
}
