package dev.freshet.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.file.SqlTokens.Kind;
import dev.freshet.file.SqlTokens.Token;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlTokensTest {

  private static List<String> texts(String sql) {
    return SqlTokens.of(sql).stream().map(Token::text).toList();
  }

  private static List<String> parameters(String sql) {
    return SqlTokens.of(sql).stream()
        .filter(token -> token.kind() == Kind.PARAMETER)
        .map(Token::text)
        .toList();
  }

  /** Whatever looks like a parameter and is none. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "select ':a'",
        "select 'it''s :a'",
        "select e'\\':a'",
        "select E'\\\\', 1 -- :a",
        "select U&':a'",
        "select n':a', b'1', x'ff', X':a'",
        "select $$ :a $$",
        "select $x$ $$ :a $y$ $x$",
        "select \":a\"",
        "select \"a\"\":a\"",
        "select 1 -- :a",
        "select 1 /* :a */",
        "select 1 /* /* */ :a */",
        "select a::int",
        "select (a)::b",
        "select f(a := 1)",
        "select x[1:b]",
        "select x[a:b]",
        "select a.b:c"
      })
  void colonsThatAreNone(String sql) {
    assertThat(parameters(sql)).isEmpty();
    assertThat(SqlTokens.unclosed(sql)).isEmpty();
  }

  @Test
  void parametersAreFoundWhereverAValueMayStand() {
    assertThat(parameters("select :a, (:b)::int, ':c' || :d -- :e\n + :f_1, :g::text, x=:h"))
        .containsExactly("a", "b", "d", "f_1", "g", "h");
    assertThat(texts("a$1 $1 1.5e-3 1.e 2..3"))
        .containsExactly("a$1", "$", "1", "1.5e-3", "1.", "e", "2.", ".", "3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "select 'a|7",
        "select 'a''|7",
        "select e'a\\'|7",
        "select \"a|7",
        "select $a$ $$|7",
        "select 1 /* /* */|9"
      })
  void whatIsNotClosedIsFoundWhereItBegins(String sql, int at) {
    assertThat(SqlTokens.unclosed(sql)).hasValue(at);
    assertThat(SqlTokens.of(sql)).allMatch(token -> token.end() <= sql.length());
  }

  @Test
  void tokensTellWhereTheyAre() {
    String sql = "Select  \"A \"\"b\"\"\", 'x' /* c */ :p";
    for (Token token : SqlTokens.of(sql)) {
      assertThat(sql.substring(token.start(), token.end()).toLowerCase(java.util.Locale.ROOT))
          .contains(
              token.kind() == Kind.QUOTED ? "a" : token.text().toLowerCase(java.util.Locale.ROOT));
    }
    assertThat(texts(sql)).containsExactly("select", "A \"b\"", ",", "'x'", "p");
  }
}
