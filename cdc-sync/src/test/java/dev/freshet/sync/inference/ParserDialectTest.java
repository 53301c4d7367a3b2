package dev.freshet.sync.inference;

import static org.assertj.core.api.Assertions.assertThat;

import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries as the parser reads them, and back. */
class ParserDialectTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT (\"p\" ? 'x'::\"text\") AS \"has\" FROM \"public\".\"a\"",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"p\" ?| ARRAY['x'::\"text\", 'y'::\"text\"])",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE ((\"p\" #>> '{a,b}'::\"text\"[]) @@ (\"q\" <-> (@ \"r\")))",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"t\" ~* ('^' || \"u\"))",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"em\" OPERATOR(\"public\".=) 'x'::\"public\".\"citext\")",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"em\" OPERATOR(\"public\".~~) 'x'::\"public\".\"citext\")",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (ARRAY['x'::\"text\", 'y'::\"text\"] && \"tags\")",
        "SELECT \"make_interval\"(\"days\" => \"g\") AS \"i\" FROM \"public\".\"a\"",
        "SELECT (\"f\"(\"a\", \"b\") && \"c\") AS \"x\" FROM \"public\".\"a\"",
      })
  void operatorsOfAnyTypeComeBackAsTheyWere(String select) throws Exception {
    String parsed = CCJSqlParserUtil.parse(ParserDialect.of(select)).toString();
    assertThat(squeezed(ParserDialect.original(parsed))).isEqualTo(squeezed(select));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT EXTRACT(\"year\" FROM \"d\") AS \"y\" FROM \"public\".\"a\"",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"t\" ~~ 'a%'::\"text\")",
        "SELECT \"id\" FROM \"public\".\"a\" WHERE (\"t\" !~~* 'a%'::\"text\")",
      })
  void wordsOfPostgresqlAreThoseOfTheParser(String select) throws Exception {
    assertThat(CCJSqlParserUtil.parse(ParserDialect.of(select))).isNotNull();
  }

  private static String squeezed(String sql) {
    return sql.replaceAll("\\s+", "");
  }
}
