package dev.freshet.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextSearchTest {

  private static final Map<String, String> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put("name", "character varying(40)");
    TYPES.put("items", "jsonb");
    TYPES.put("a.b", "text");
    TYPES.put("a", "json");
    TYPES.put("n", "integer");
  }

  @Test
  void documentIsOfColumnsAndOfMembersOfTheirJson() {
    assertThat(
            new TextSearch(List.of("name", "items.product.name", "items"), "italian")
                .vector("m.", TYPES))
        .isEqualTo(
            """
            (coalesce(to_tsvector('italian'::regconfig, m."name"::text), ''::tsvector) || \
            coalesce(to_tsvector('italian'::regconfig, jsonb_path_query_array(m."items"::jsonb, 'lax $."product"."name"')), ''::tsvector) || \
            coalesce(to_tsvector('italian'::regconfig, m."items"), ''::tsvector))""");
  }

  @Test
  void columnWithADotIsItAndNoMember() {
    TextSearch search = new TextSearch(List.of("a.b", "a.c"), "simple");
    assertThat(search.vector("", TYPES)).contains("\"a.b\"::text").contains("'lax $.\"c\"'");
    assertThat(search.columns(TYPES.keySet())).containsExactly("a.b", "a");
    assertThat(search.hasColumn("a.b")).isTrue();
    assertThat(search.hasColumn("a")).isFalse();
  }

  @Test
  void membersNamesAreQuoted() {
    assertThat(new TextSearch(List.of("items.it's \"x\""), "simple").vector("", TYPES))
        .contains("'lax $.\"it''s \\\"x\\\"\"'");
  }

  @ParameterizedTest
  @CsvSource({
    "title, there is no such column; there are name",
    "n, which is no text or JSON but integer; cast it in the SELECT",
    "name.x, which is no JSON but character varying(40)",
  })
  void whatHoldsNoTextIsRefused(String text, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TextSearch(List.of(text), "simple").vector("", TYPES))
        .withMessageContaining(why);
  }
}
